//! The members of each message.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::lenient::{Any, Base64, Hex, Lenient, List, Name};
use crate::request::messages::collector::logs::v1::ExportLogsServiceRequest;
use crate::request::messages::collector::trace::v1::ExportTraceServiceRequest;
use crate::request::messages::common::v1::any_value::Value;
use crate::request::messages::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use crate::request::messages::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use crate::request::messages::resource::v1::Resource;
use crate::request::messages::trace::v1::span::{Event, Link};
use crate::request::messages::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

/// A message with members.
pub(super) trait Message: Default {
    /// The names of which none may be there twice: which of the two counts would be anybody's guess. At most 32.
    const NAMES: &'static [&'static str];

    /// Takes in a member of this name; false where there is none of it.
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<bool, A::Error>;
}

/// A message as it is read; all defaults for `null`.
pub(super) struct Read<T>(pub T);

impl<'de, T: Message> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Message> Visitor<'de> for Members<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E: Error>(self) -> Result<T, E> {
                Ok(T::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
                let (mut message, mut seen) = (T::default(), 0_u32);
                while let Some(Name(name)) = map.next_key()? {
                    let place = T::NAMES.iter().position(|known| *known == name);
                    let this = place.map_or(0, |place| 1 << place);
                    if seen & this != 0 {
                        return Err(A::Error::custom(format_args!("{name} is given twice")));
                    }
                    seen |= this;
                    if !message.member(&name, &mut map)? {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(message)
            }
        }

        deserializer.deserialize_any(Members(PhantomData)).map(Read)
    }
}

fn any<'de, T: Lenient, A: MapAccess<'de>>(map: &mut A) -> Result<T, A::Error> {
    Ok(map.next_value::<Any<T>>()?.0)
}

fn id<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Vec<u8>, A::Error> {
    Ok(any::<Hex, A>(map)?.0)
}

fn list<'de, T: Message, A: MapAccess<'de>>(map: &mut A) -> Result<Vec<T>, A::Error> {
    let list = map.next_value::<List<Read<T>>>()?.0;
    Ok(list.into_iter().map(|read| read.0).collect())
}

fn message<'de, T: Message, A: MapAccess<'de>>(map: &mut A) -> Result<Option<T>, A::Error> {
    Ok(map.next_value::<Option<Read<T>>>()?.map(|read| read.0))
}

/// The members of messages, each with how it is read.
macro_rules! members {
    ($($message:ty { $($name:literal $field:ident = $read:ident,)* })*) => {$(
        impl Message for $message {
            const NAMES: &'static [&'static str] = &[$($name),*];

            fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<bool, A::Error> {
                match name {
                    $($name => self.$field = $read(value)?,)*
                    _ => return Ok(false),
                }
                Ok(true)
            }
        }
    )*};
}

members! {
    ExportTraceServiceRequest { "resourceSpans" resource_spans = list, }
    ExportLogsServiceRequest { "resourceLogs" resource_logs = list, }
    ResourceSpans {
        "resource" resource = message,
        "scopeSpans" scope_spans = list,
        "schemaUrl" schema_url = any,
    }
    ResourceLogs {
        "resource" resource = message,
        "scopeLogs" scope_logs = list,
        "schemaUrl" schema_url = any,
    }
    ScopeSpans { "scope" scope = message, "spans" spans = list, "schemaUrl" schema_url = any, }
    ScopeLogs { "scope" scope = message, "logRecords" log_records = list, "schemaUrl" schema_url = any, }
    Resource { "attributes" attributes = list, "droppedAttributesCount" dropped_attributes_count = any, }
    InstrumentationScope {
        "name" name = any,
        "version" version = any,
        "attributes" attributes = list,
        "droppedAttributesCount" dropped_attributes_count = any,
    }
    Span {
        "traceId" trace_id = id,
        "spanId" span_id = id,
        "traceState" trace_state = any,
        "parentSpanId" parent_span_id = id,
        "flags" flags = any,
        "name" name = any,
        "kind" kind = any,
        "startTimeUnixNano" start_time_unix_nano = any,
        "endTimeUnixNano" end_time_unix_nano = any,
        "attributes" attributes = list,
        "droppedAttributesCount" dropped_attributes_count = any,
        "events" events = list,
        "droppedEventsCount" dropped_events_count = any,
        "links" links = list,
        "droppedLinksCount" dropped_links_count = any,
        "status" status = message,
    }
    Event {
        "timeUnixNano" time_unix_nano = any,
        "name" name = any,
        "attributes" attributes = list,
        "droppedAttributesCount" dropped_attributes_count = any,
    }
    Link {
        "traceId" trace_id = id,
        "spanId" span_id = id,
        "traceState" trace_state = any,
        "attributes" attributes = list,
        "droppedAttributesCount" dropped_attributes_count = any,
        "flags" flags = any,
    }
    Status { "message" message = any, "code" code = any, }
    LogRecord {
        "timeUnixNano" time_unix_nano = any,
        "observedTimeUnixNano" observed_time_unix_nano = any,
        "severityNumber" severity_number = any,
        "severityText" severity_text = any,
        "body" body = message,
        "attributes" attributes = list,
        "droppedAttributesCount" dropped_attributes_count = any,
        "flags" flags = any,
        "traceId" trace_id = id,
        "spanId" span_id = id,
        "eventName" event_name = any,
    }
    KeyValue { "key" key = any, "value" value = message, }
    ArrayValue { "values" values = list, }
    KeyValueList { "values" values = list, }
}

impl Message for AnyValue {
    const NAMES: &'static [&'static str] = &[
        "stringValue",
        "boolValue",
        "intValue",
        "doubleValue",
        "bytesValue",
        "arrayValue",
        "kvlistValue",
    ];

    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        let value = match name {
            "stringValue" => of(map, |text: Any<String>| Value::StringValue(text.0))?,
            "boolValue" => of(map, |value: Any<bool>| Value::BoolValue(value.0))?,
            "intValue" => of(map, |number: Any<i64>| Value::IntValue(number.0))?,
            "doubleValue" => of(map, |number: Any<f64>| Value::DoubleValue(number.0))?,
            "bytesValue" => of(map, |bytes: Any<Base64>| Value::BytesValue(bytes.0.0))?,
            "arrayValue" => of(map, |array: Read<ArrayValue>| Value::ArrayValue(array.0))?,
            "kvlistValue" => of(map, |pairs: Read<KeyValueList>| Value::KvlistValue(pairs.0))?,
            _ => return Ok(false),
        };
        self.value = value.or(self.value.take());
        Ok(true)
    }
}

/// A value of one type; none for `null`.
fn of<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    map: &mut A,
    value: impl FnOnce(T) -> Value,
) -> Result<Option<Value>, A::Error> {
    Ok(map.next_value::<Option<T>>()?.map(value))
}

/// How many spans, log records or data points a body holds, at whatever place, without reading them.
#[derive(Default)]
pub(super) struct Items(pub u64);

impl Message for Items {
    const NAMES: &'static [&'static str] = &[];

    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        self.0 += match name {
            "resourceSpans" | "scopeSpans" | "resourceLogs" | "scopeLogs" | "resourceMetrics"
            | "scopeMetrics" | "metrics" => list::<Items, A>(map)?.iter().map(|within| within.0).sum(),
            "gauge" | "sum" | "histogram" | "exponentialHistogram" | "summary" => {
                message::<Items, A>(map)?.unwrap_or_default().0
            }
            "spans" | "logRecords" | "dataPoints" => map.next_value::<List<IgnoredAny>>()?.0.len() as u64,
            _ => return Ok(false),
        };
        Ok(true)
    }
}
