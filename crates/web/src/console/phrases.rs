//! What the API says to programs, as people read it.

/// Words of the API's own description that say something to programs alone.
const FOR_PROGRAMS: [&str; 12] = [
    "`GET ",
    "`POST ",
    "Idempotency-Key",
    "he body",
    "array",
    "`linked`",
    "he answer",
    "answered",
    "`replayed`",
    "`null`",
    "JSON numbers",
    // A form shows what is there.
    "What is left out",
];

/// A description of the API as people read it: without what is for programs alone.
pub(crate) fn described(description: &str) -> String {
    let is_for_people = |part: &&str| !FOR_PROGRAMS.iter().any(|word| part.contains(word));
    let sentences = description.split_inclusive(". ").filter_map(|sentence| {
        let sentence = sentence.trim().trim_end_matches('.');
        let parts: Vec<&str> = sentence.split("; ").take_while(is_for_people).collect();
        (!parts.is_empty()).then(|| format!("{}.", parts.join("; ")))
    });
    sentences.collect::<Vec<_>>().join(" ").replace('`', "")
}

/// What a program is told, as people read it: without the marks of code, and with a sentence's begin.
pub(crate) fn said(detail: &str) -> String {
    let mut said = detail.replace('`', "");
    let mut word = said.split(' ').next().unwrap_or_default().bytes();
    if word.all(|sign| sign.is_ascii_lowercase())
        && let Some(first) = said.get_mut(..1)
    {
        first.make_ascii_uppercase();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::{described, said};

    #[test]
    fn what_is_for_programs_is_left_out() {
        for (told, left) in [
            (
                "An asset never changes. `GET /v1/x` says it.",
                "An asset never changes.",
            ),
            (
                "It begins soon, within 1.5 s; `GET /v1/jobs` says how it went. It is one run.",
                "It begins soon, within 1.5 s. It is one run.",
            ),
            (
                "What is left out stays as it is; `null` removes it. It is `final`.",
                "It is final.",
            ),
            ("", ""),
        ] {
            assert_eq!(described(told), left);
        }
    }

    #[test]
    fn what_a_program_is_told_begins_as_a_sentence_does() {
        for (told, read) in [
            (
                "tell whoever runs `probity audit verify`",
                "Tell whoever runs probity audit verify",
            ),
            ("custody:write is missing", "custody:write is missing"),
            ("kyc_record 7 is gone", "kyc_record 7 is gone"),
            ("", ""),
        ] {
            assert_eq!(said(told), read);
        }
    }
}
