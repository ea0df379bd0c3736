//! Values as OTLP's JSON may have them. Each is unset by `null` and by `{}`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use evidence::json::bytes_of_hex;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A value that is read from any of its forms.
pub(super) trait Lenient: Default {
    const EXPECTED: &'static str;
    fn of_text(text: &str) -> Option<Self>;
    fn of_u64(_: u64) -> Option<Self> {
        None
    }
    fn of_i64(_: i64) -> Option<Self> {
        None
    }
    fn of_f64(_: f64) -> Option<Self> {
        None
    }
    fn of_bool(_: bool) -> Option<Self> {
        None
    }
}

/// A value of any of its forms.
pub(super) struct Any<T>(pub T);

impl<'de, T: Lenient> Deserialize<'de> for Any<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms<T>(PhantomData<T>);

        impl<T: Lenient> Forms<T> {
            fn taken<E: Error>(value: Option<T>, what: impl fmt::Display) -> Result<T, E> {
                value.ok_or_else(|| E::custom(format_args!("{what} is not {}", T::EXPECTED)))
            }
        }

        impl<'de, T: Lenient> Visitor<'de> for Forms<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::EXPECTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
                Self::taken(T::of_text(text), "a text")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
                Self::taken(T::of_u64(number), number)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
                Self::taken(T::of_i64(number), number)
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
                Self::taken(T::of_f64(number), number)
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
                Self::taken(T::of_bool(value), value)
            }

            fn visit_unit<E: Error>(self) -> Result<T, E> {
                Ok(T::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                nothing_in(map, T::EXPECTED).map(|()| T::default())
            }
        }

        deserializer.deserialize_any(Forms(PhantomData)).map(Any)
    }
}

/// Takes `{}`, and no object that holds something.
fn nothing_in<'de, A: MapAccess<'de>>(mut map: A, expected: &str) -> Result<(), A::Error> {
    match map.next_key::<IgnoredAny>()? {
        None => Ok(()),
        Some(_) => Err(A::Error::custom(format_args!("an object is not {expected}"))),
    }
}

impl Lenient for String {
    const EXPECTED: &'static str = "a text";
    fn of_text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }
}

/// An id, as hex.
#[derive(Default)]
pub(super) struct Hex(pub Vec<u8>);

impl Lenient for Hex {
    const EXPECTED: &'static str = "an id as hex digits";
    fn of_text(text: &str) -> Option<Hex> {
        bytes_of_hex(&text.to_ascii_lowercase()).map(Hex)
    }
}

/// Bytes, as base64 of either alphabet, padded or not.
#[derive(Default)]
pub(super) struct Base64(pub Vec<u8>);

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

impl Lenient for Base64 {
    const EXPECTED: &'static str = "bytes as base64";
    fn of_text(text: &str) -> Option<Base64> {
        let alphabets = [&alphabet::STANDARD, &alphabet::URL_SAFE];
        let mut readers = alphabets
            .map(|alphabet| GeneralPurpose::new(alphabet, LENIENT))
            .into_iter();
        readers.find_map(|reader| reader.decode(text).ok()).map(Base64)
    }
}

/// The whole number that a double is.
fn whole(number: f64) -> Option<i128> {
    let within = number.fract() == 0.0 && number.abs() < 1e20;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole, and within the bounds"
    )]
    within.then_some(number as i128)
}

macro_rules! whole_numbers {
    ($($type:ty, $expected:literal;)*) => {$(
        impl Lenient for $type {
            const EXPECTED: &'static str = $expected;
            fn of_text(text: &str) -> Option<$type> {
                text.parse().ok().or_else(|| text.parse().ok().and_then(Self::of_f64))
            }
            fn of_u64(number: u64) -> Option<$type> {
                <$type>::try_from(number).ok()
            }
            fn of_i64(number: i64) -> Option<$type> {
                <$type>::try_from(number).ok()
            }
            fn of_f64(number: f64) -> Option<$type> {
                <$type>::try_from(whole(number)?).ok()
            }
        }
    )*};
}

whole_numbers! {
    u64, "a whole number of 64 bits, from 0";
    i64, "a whole number of 64 bits";
    u32, "a whole number of 32 bits, from 0";
    i32, "a whole number of 32 bits";
}

impl Lenient for f64 {
    const EXPECTED: &'static str = "a number, or NaN, Infinity or -Infinity as a text";
    fn of_text(text: &str) -> Option<f64> {
        text.parse().ok()
    }
    #[expect(clippy::cast_precision_loss, reason = "it is read as a double")]
    fn of_u64(number: u64) -> Option<f64> {
        Some(number as f64)
    }
    #[expect(clippy::cast_precision_loss, reason = "it is read as a double")]
    fn of_i64(number: i64) -> Option<f64> {
        Some(number as f64)
    }
    fn of_f64(number: f64) -> Option<f64> {
        Some(number)
    }
}

impl Lenient for bool {
    const EXPECTED: &'static str = "true or false";
    fn of_text(text: &str) -> Option<bool> {
        text.parse().ok()
    }
    fn of_bool(value: bool) -> Option<bool> {
        Some(value)
    }
}

/// A list of values.
pub(super) struct List<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_unit<E: Error>(self) -> Result<List<T>, E> {
                Ok(List(Vec::new()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<List<T>, A::Error> {
                nothing_in(map, "a list").map(|()| List(Vec::new()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(List(list))
            }
        }

        deserializer.deserialize_any(Items(PhantomData))
    }
}

/// The name of a member, without a copy where it has no escapes.
pub(super) struct Name<'de>(pub Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member's name")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}
