//! Values to and from PostgreSQL's binary format, by type OID.

use std::error::Error as StdError;

use bytes::{Buf, BufMut, BytesMut};
use domain::custody::Amount;
use domain::record::{Kind, Val};
use evidence::time::Timestamp;
use postgres_protocol::types as wire;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use crate::error::Error;
use crate::row::{Row, Stamp};

type Boxed = Box<dyn StdError + Sync + Send>;

/// PostgreSQL counts time from 2000-01-01T00:00:00Z; this is that moment in microseconds since 1970.
pub(crate) const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// Borrows a [`Val`] as a bound parameter.
#[derive(Debug)]
pub(crate) struct Bound<'a>(pub &'a Val);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Boxed> {
        let fits = match self.0 {
            Val::Null => return Ok(IsNull::Yes),
            Val::Int(_) => *ty == Type::INT8,
            Val::Bool(_) => *ty == Type::BOOL,
            Val::Text(_) => matches!(*ty, Type::TEXT | Type::VARCHAR | Type::NAME),
            Val::Bytes(_) => *ty == Type::BYTEA,
            Val::Uuid(_) => *ty == Type::UUID,
            Val::Time(_) => *ty == Type::TIMESTAMPTZ,
            Val::Amount(_) => *ty == Type::NUMERIC,
        };
        if !fits {
            return Err(format!("a parameter of type {ty} was given {:?}", self.0).into());
        }
        put(self.0, out);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Appends the binary form of a value that is not NULL.
pub(crate) fn put(value: &Val, out: &mut BytesMut) {
    match value {
        Val::Null => {}
        Val::Int(number) => out.put_i64(*number),
        Val::Bool(truth) => out.put_u8(u8::from(*truth)),
        Val::Text(text) => out.put_slice(text.as_bytes()),
        Val::Bytes(bytes) => out.put_slice(bytes),
        Val::Uuid(id) => out.put_slice(id.as_bytes()),
        Val::Time(time) => out.put_i64(time.micros() - EPOCH_MICROS),
        Val::Amount(amount) => put_numeric(amount.units(), out),
    }
}

/// The base of the digits in which PostgreSQL sends and keeps a `numeric`.
const NUMERIC_BASE: u128 = 10_000;

/// What stands in a `numeric` for a negative number.
const NUMERIC_NEGATIVE: u16 = 0x4000;

/// Appends a whole number as a binary `numeric`: count of digits, weight of the first one, sign, scale, digits.
fn put_numeric(units: i128, out: &mut BytesMut) {
    // 38 decimal digits are at most ten digits of four.
    let mut digits = [0_u16; 10];
    let (mut rest, mut first) = (units.unsigned_abs(), digits.len());
    while rest > 0 && first > 0 {
        first -= 1;
        digits[first] = u16::try_from(rest % NUMERIC_BASE).unwrap_or(0);
        rest /= NUMERIC_BASE;
    }
    let digits = &digits[first..];
    let count = i16::try_from(digits.len()).unwrap_or(0);
    out.put_i16(count);
    out.put_i16((count - 1).max(0));
    out.put_u16(if units < 0 { NUMERIC_NEGATIVE } else { 0 });
    out.put_i16(0);
    for digit in digits {
        out.put_u16(*digit);
    }
}

/// The whole number of a binary `numeric`.
fn numeric(raw: &[u8]) -> Result<Amount, Boxed> {
    let mut raw = raw;
    if raw.len() < 8 {
        return Err("a numeric of less than eight bytes".into());
    }
    let (count, weight, sign, _scale) = (raw.get_i16(), raw.get_i16(), raw.get_u16(), raw.get_i16());
    let negative = match sign {
        0 => false,
        NUMERIC_NEGATIVE => true,
        _ => return Err("a numeric that is not a number".into()),
    };
    let wrong = || Boxed::from("a numeric that is not a whole number of at most 38 digits");
    let mut units: i128 = 0;
    for position in 0..=i32::from(weight.max(-1)) {
        let digit = if position < i32::from(count) && raw.len() >= 2 {
            raw.get_u16()
        } else {
            0
        };
        let next = units
            .checked_mul(10_000)
            .and_then(|units| units.checked_add(digit.into()));
        units = next.ok_or_else(wrong)?;
    }
    // Digits after the point: there are none in what this program writes.
    if raw.iter().any(|byte| *byte != 0) {
        return Err(wrong());
    }
    Amount::new(if negative { -units } else { units }).ok_or_else(wrong)
}

fn element_oid(kind: Kind) -> u32 {
    match kind {
        Kind::Int => Type::INT8.oid(),
        Kind::Bool => Type::BOOL.oid(),
        Kind::Text => Type::TEXT.oid(),
        Kind::Bytes => Type::BYTEA.oid(),
        Kind::Uuid => Type::UUID.oid(),
        Kind::Time => Type::TIMESTAMPTZ.oid(),
        Kind::Amount => Type::NUMERIC.oid(),
    }
}

/// A one-dimensional array of values of one kind.
#[derive(Debug)]
pub(crate) struct Array<'a>(pub Kind, pub &'a [Val]);

/// Appends an array's binary form.
fn put_array<T>(
    (oid, values): (u32, &[T]),
    put: impl Fn(&T, &mut BytesMut) -> IsNull,
    out: &mut BytesMut,
) -> Result<IsNull, Boxed> {
    let dimension = wire::ArrayDimension {
        len: i32::try_from(values.len())?,
        lower_bound: 1,
    };
    let put = |value: &T, out: &mut BytesMut| {
        Ok(match put(value, out) {
            IsNull::Yes => postgres_protocol::IsNull::Yes,
            IsNull::No => postgres_protocol::IsNull::No,
        })
    };
    wire::array_to_sql(Some(dimension), oid, values.iter(), put, out)?;
    Ok(IsNull::No)
}

impl ToSql for Array<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Boxed> {
        let one = |value: &Val, out: &mut BytesMut| {
            if *value == Val::Null {
                return IsNull::Yes;
            }
            put(value, out);
            IsNull::No
        };
        put_array((element_oid(self.0), self.1), one, out)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Appends an array of numbers of transactions.
pub(crate) fn put_stamps(stamps: &[Option<Stamp>], out: &mut BytesMut) -> Result<IsNull, Boxed> {
    let one = |stamp: &Option<Stamp>, out: &mut BytesMut| match stamp {
        None => IsNull::Yes,
        Some(stamp) => {
            out.put_u32(*stamp);
            IsNull::No
        }
    };
    put_array((Type::XID.oid(), stamps), one, out)
}

/// One value as it came, with its type.
struct Raw<'a>(Option<&'a [u8]>, Type);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Boxed> {
        Ok(Raw(Some(raw), ty.clone()))
    }

    fn from_sql_null(ty: &Type) -> Result<Self, Boxed> {
        Ok(Raw(None, ty.clone()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A row of the driver as a [`Row`].
pub(crate) fn row(row: &tokio_postgres::Row) -> Result<Row, Error> {
    let values: Result<Vec<Val>, Error> = (0..row.len())
        .map(|position| {
            let Raw(raw, ty) = row.try_get(position)?;
            let Some(raw) = raw else { return Ok(Val::Null) };
            decode(&ty, raw)
                .map_err(|error| Error::data(format!("column {}: {error}", row.columns()[position].name())))
        })
        .collect();
    values.map(Row)
}

fn decode(ty: &Type, raw: &[u8]) -> Result<Val, Boxed> {
    Ok(match *ty {
        Type::INT8 => Val::Int(wire::int8_from_sql(raw)?),
        Type::INT4 => Val::Int(wire::int4_from_sql(raw)?.into()),
        Type::INT2 => Val::Int(wire::int2_from_sql(raw)?.into()),
        Type::BOOL => Val::Bool(wire::bool_from_sql(raw)?),
        Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR | Type::UNKNOWN => {
            Val::Text(wire::text_from_sql(raw)?.to_owned())
        }
        Type::BYTEA => Val::Bytes(raw.to_vec()),
        Type::XID => Val::Int(wire::oid_from_sql(raw)?.into()),
        Type::UUID => Val::Uuid(Uuid::from_bytes(wire::uuid_from_sql(raw)?)),
        Type::TIMESTAMPTZ => {
            let micros = wire::timestamp_from_sql(raw)?.saturating_add(EPOCH_MICROS);
            // Outside the years 1 to 9999 (PostgreSQL has `infinity`) it stays a number, which no getter of a time
            // takes: the error then names the column, and verification the row.
            Timestamp::from_micros(micros).map_or(Val::Int(micros), Val::Time)
        }
        Type::NUMERIC => Val::Amount(numeric(raw)?),
        ref other => return Err(format!("type {other} is not one that this program stores").into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_as_numeric() {
        let most = 10_i128.pow(38) - 1;
        for units in [
            0,
            1,
            -1,
            9_999,
            10_000,
            10_001,
            -123_456_789_012,
            10_i128.pow(37),
            most,
            -most,
        ] {
            let mut out = BytesMut::new();
            put_numeric(units, &mut out);
            assert_eq!(numeric(&out).unwrap().units(), units);
        }
        // 10000 as one digit of weight 1, as the server sends it; 1.5; NaN; too short.
        assert_eq!(numeric(&[0, 1, 0, 1, 0, 0, 0, 0, 0, 1]).unwrap().units(), 10_000);
        numeric(&[0, 2, 0, 0, 0, 0, 0, 1, 0, 1, 0x13, 0x88]).unwrap_err();
        numeric(&[0, 0, 0, 0, 0xC0, 0, 0, 0]).unwrap_err();
        numeric(&[0, 0, 0]).unwrap_err();
    }
}
