//! Enums of words.

/// Makes an enum of words: their spelling, their look-up, and a column that holds one.
#[macro_export]
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[doc = $text:literal])+ $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[doc = $text])+ $variant),* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The word in JSON, SQL and configuration.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }

            /// All words.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// What `word` names.
            pub fn parse(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }

            /// What it is, in a sentence.
            pub fn description(self) -> &'static str {
                match self { $($name::$variant => concat!($($text),+).trim_ascii()),* }
            }

            /// What `word` names; otherwise which words there are.
            pub fn read(field: &str, word: &str) -> Result<$name, $crate::FieldError> {
                $name::parse(word).ok_or_else(|| {
                    let known: Vec<_> = $name::ALL.iter().map(|one| one.as_str()).collect();
                    $crate::FieldError::new(field, format!("must be one of {}", known.join(", ")))
                })
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                let words: Vec<_> = $name::ALL.iter().map(|one| one.as_str()).collect();
                ::schemars::json_schema!({"type": "string", "enum": words})
            }
        }

        impl $crate::record::Field for $name {
            const KIND: $crate::record::Kind = $crate::record::Kind::Text;

            fn to_val(&self) -> $crate::record::Val {
                self.as_str().into()
            }

            fn of_val(value: $crate::record::Val) -> Result<$name, String> {
                let word = <String as $crate::record::Field>::of_val(value)?;
                $name::parse(&word).ok_or_else(|| format!("{word:?} is not a {}", stringify!($name)))
            }
        }
    };
}

/// Shows these fields of a type where it is printed for debugging, and keeps the others secret.
macro_rules! shows {
    ($type:ident: $($field:ident),*) => {
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut shown = f.debug_struct(stringify!($type));
                $(shown.field(stringify!($field), &self.$field);)*
                shown.finish_non_exhaustive()
            }
        }
    };
}
pub(crate) use shows;
