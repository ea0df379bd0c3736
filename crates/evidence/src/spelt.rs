//! Words: how the values of an enum are spelt in JSON and SQL.

/// Says how each value is spelt, and finds the one that a word names.
macro_rules! spelt {
    ($name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $name {
            /// All of them.
            pub const ALL: [$name; [$($word),*].len()] = [$($name::$variant),*];

            /// All words.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word in JSON and SQL.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }

            /// What `word` names.
            pub fn parse(word: &str) -> Option<$name> {
                Self::ALL.into_iter().find(|one| one.as_str() == word)
            }
        }
    };
}
pub(crate) use spelt;
