//! Fields of forms, each with its label, its words and what is wrong with it.

use maud::{Markup, html};

/// How a value is typed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A line. A browser that knew a bound would cut what is pasted, and say nothing: who takes it says what is too long.
    Line,
    /// Several lines.
    Lines,
    /// A password that is there.
    Password,
    /// A password that is chosen.
    NewPassword,
    /// The code of a second factor.
    Code,
    /// One of these words, or none.
    Words(Vec<String>),
    /// Several of these words.
    Several(Vec<String>),
    /// Yes, no, or nothing said.
    Flag,
    /// A whole number within bounds.
    Number(Option<i64>, Option<i64>),
    /// A time, as clocks in the reader's zone show it.
    Time,
    /// It is not shown.
    Hidden,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name, which is that of the API.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// What it is for.
    pub doc: String,
    /// How it is typed in.
    pub input: Input,
    /// What stands in it.
    pub value: String,
    /// What is wrong with that.
    pub problem: Option<String>,
    /// Whether it must be given.
    pub required: bool,
    /// What may be meant, offered while typing.
    pub offers: Vec<Offer>,
    /// Whether a form with many fields folds it away, while nothing stands in it.
    pub spare: bool,
}

/// What may be meant: what is typed, and what people call it where that is something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What is typed.
    pub value: String,
    /// What people call it.
    pub label: Option<String>,
}

impl From<String> for Offer {
    fn from(value: String) -> Offer {
        Offer { value, label: None }
    }
}

impl Field {
    /// An empty one.
    pub fn new(name: impl Into<String>, label: impl Into<String>, input: Input) -> Field {
        Field {
            name: name.into(),
            label: label.into(),
            doc: String::new(),
            input,
            value: String::new(),
            problem: None,
            required: false,
            offers: Vec::new(),
            spare: false,
        }
    }

    /// The same, to be given always.
    #[must_use]
    pub fn required(mut self) -> Field {
        self.required = true;
        self
    }

    /// The same with what it is for.
    #[must_use]
    pub fn doc(mut self, doc: impl Into<String>) -> Field {
        self.doc = doc.into();
        self
    }

    /// The same with what stands in it.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Field {
        self.value = value.into();
        self
    }

    fn autocomplete(&self) -> &'static str {
        match self.input {
            Input::Password => "current-password",
            Input::NewPassword => "new-password",
            Input::Code => "one-time-code",
            _ if self.name == "username" => "username",
            _ => "off",
        }
    }

    fn kind(&self) -> &'static str {
        match self.input {
            Input::Password | Input::NewPassword => "password",
            Input::Number(..) => "number",
            // What is no time is shown as it was given.
            Input::Time if self.problem.is_some() => "text",
            Input::Time => "datetime-local",
            _ => "text",
        }
    }
}

/// A field with its label. `prefix` makes ids of several forms on a page differ.
pub fn field(field: &Field, prefix: &str) -> Markup {
    if field.input == Input::Hidden {
        return html! { input type="hidden" name=(field.name) value=(field.value); };
    }
    let id = format!("{prefix}{}", field.name);
    html! {
        div.field data-wrong[field.problem.is_some()] {
            @if let Input::Several(words) = &field.input {
                fieldset aria-describedby=[described(field, &id)] {
                    legend { (field.label) (needed(field)) }
                    @for word in words {
                        label.check {
                            input type="checkbox" name=(field.name) value=(word)
                                checked[field.value.split(',').any(|given| given == word)];
                            " " (word)
                        }
                    }
                }
            } @else {
                label for=(id) { (field.label) (needed(field)) }
                (control(field, &id))
            }
            @if let Some(problem) = &field.problem { p.wrong id={ (id) "-wrong" } { (problem) } }
            @if !field.doc.is_empty() { p.doc id={ (id) "-doc" } { (field.doc) } }
        }
    }
}

fn needed(field: &Field) -> Markup {
    html! { @if field.required { " " span.quiet { "(needed)" } } }
}

/// The ids of what describes a field.
fn described(field: &Field, id: &str) -> Option<String> {
    let wrong = field.problem.as_ref().map(|_| format!("{id}-wrong"));
    let doc = (!field.doc.is_empty()).then(|| format!("{id}-doc"));
    let ids: Vec<String> = wrong.into_iter().chain(doc).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

fn control(field: &Field, id: &str) -> Markup {
    let (described, wrong) = (described(field, id), field.problem.as_ref().map(|_| "true"));
    let select = |options: &[(&str, &str)]| {
        html! {
            select id=(id) name=(field.name) aria-describedby=[described.as_deref()] aria-invalid=[wrong] required[field.required] {
                @for (value, words) in options { option value=(value) selected[field.value == *value] { (words) } }
            }
        }
    };
    match &field.input {
        Input::Lines => html! {
            textarea id=(id) name=(field.name) rows="5" aria-describedby=[described] aria-invalid=[wrong] required[field.required]
                autocomplete="off" spellcheck="false" { "\n" (field.value) }
        },
        Input::Words(words) => {
            let mut options = vec![("", if field.required { "choose" } else { "any" })];
            options.extend(words.iter().map(|word| (word.as_str(), word.as_str())));
            select(&options)
        }
        Input::Flag => select(&[("", "–"), ("true", "yes"), ("false", "no")]),
        _ => {
            let list = (!field.offers.is_empty()).then(|| format!("{id}-offers"));
            let (least, most) = match field.input {
                Input::Number(least, most) => (least, most),
                _ => (None, None),
            };
            html! {
                input id=(id) name=(field.name) type=(field.kind()) value=(field.value) autocomplete=(field.autocomplete())
                    aria-describedby=[described] aria-invalid=[wrong] required[field.required] min=[least] max=[most]
                    list=[list.as_deref()] step=[(field.input == Input::Time).then_some("1")] spellcheck="false" autocapitalize="none";
                @if let Some(list) = &list { datalist id=(list) { @for offer in &field.offers { option value=(offer.value) label=[offer.label.as_deref()] {} } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_tied_to_its_field_and_escaped() {
        let mut one = Field::new("a", "A", Input::Line).doc("d").value("\"><script>");
        one.problem = Some("<b>".to_owned());
        let markup = field(&one, "f-").into_string();
        assert!(
            markup.contains(r#"aria-describedby="f-a-wrong f-a-doc" aria-invalid="true""#),
            "{markup}"
        );
        assert!(
            markup.contains(r#"<label for="f-a">"#) && markup.contains("&lt;b&gt;"),
            "{markup}"
        );
        assert!(!markup.contains("<script>"), "{markup}");
    }

    #[test]
    fn a_text_keeps_its_first_line_end() {
        let lines = Field::new("a", "A", Input::Lines).value("\nx");
        assert!(field(&lines, "").into_string().contains(">\n\nx</textarea>"));
    }
}
