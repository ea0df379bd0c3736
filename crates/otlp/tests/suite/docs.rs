//! The documents say what is understood.

#[test]
fn the_table_of_names_is_in_the_documents() {
    let text = include_str!("../../../../docs/governance.md");
    let (_, rest) = text.split_once("<!-- names -->\n").expect("the table's begin");
    let (table, _) = rest.split_once("<!-- end -->").expect("the table's end");
    let expected = otlp::names::markdown();
    assert_eq!(
        table.trim(),
        expected.trim(),
        "docs/governance.md should have:\n{expected}"
    );
}
