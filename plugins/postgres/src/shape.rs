//! How the values of a type come over, and what they become.
//!
//! The client library asks for every value in binary. The forms of the common types are read here; every
//! other column is asked for again as text or as JSON, which the server makes itself (`columns`).

use tokio_postgres::types::{Kind, Type};

/// What a value is read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Bool,
    Int2,
    Int4,
    Int8,
    /// Unsigned, 32 bits.
    Oid,
    /// Unsigned, 64 bits.
    Xid8,
    Float4,
    Float8,
    Numeric,
    /// Bytes that are text already.
    Text,
    Json,
    Jsonb,
    Uuid,
    Bytea,
    Date,
    Time,
    TimeTz,
    Timestamp,
    TimestampTz,
    Interval,
    Inet,
    MacAddr,
    /// Nothing, from a function without a result.
    Void,
    Array(Box<Self>),
}

/// How a column is got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// In binary, read here.
    Binary(Shape),
    /// As text, cast by the server.
    Text,
    /// As JSON, made by the server.
    Json,
}

impl Way {
    /// For values of a type.
    pub(crate) fn of(type_: &Type) -> Self {
        match Shape::of(type_) {
            Some(shape) => Self::Binary(shape),
            None if is_record(type_) => Self::Json,
            None => Self::Text,
        }
    }

    /// What arrives.
    pub(crate) fn shape(self) -> Shape {
        match self {
            Self::Binary(shape) => shape,
            Self::Text => Shape::Text,
            Self::Json => Shape::Json,
        }
    }
}

/// Whether it has fields, or consists of what has.
fn is_record(type_: &Type) -> bool {
    match type_.kind() {
        Kind::Composite(_) => true,
        Kind::Array(inner) | Kind::Domain(inner) => is_record(inner),
        _ => *type_ == Type::RECORD || *type_ == Type::RECORD_ARRAY,
    }
}

impl Shape {
    /// Of a type whose binary form is known here.
    fn of(type_: &Type) -> Option<Self> {
        let shape = match *type_ {
            Type::BOOL => Self::Bool,
            Type::INT2 => Self::Int2,
            Type::INT4 => Self::Int4,
            Type::INT8 => Self::Int8,
            Type::OID | Type::XID | Type::CID => Self::Oid,
            Type::XID8 => Self::Xid8,
            Type::FLOAT4 => Self::Float4,
            Type::FLOAT8 => Self::Float8,
            Type::NUMERIC => Self::Numeric,
            Type::TEXT
            | Type::VARCHAR
            | Type::BPCHAR
            | Type::NAME
            | Type::UNKNOWN
            | Type::CSTRING
            | Type::XML => Self::Text,
            Type::JSON => Self::Json,
            Type::JSONB => Self::Jsonb,
            Type::UUID => Self::Uuid,
            Type::BYTEA => Self::Bytea,
            Type::DATE => Self::Date,
            Type::TIME => Self::Time,
            Type::TIMETZ => Self::TimeTz,
            Type::TIMESTAMP => Self::Timestamp,
            Type::TIMESTAMPTZ => Self::TimestampTz,
            Type::INTERVAL => Self::Interval,
            Type::INET | Type::CIDR => Self::Inet,
            Type::MACADDR | Type::MACADDR8 => Self::MacAddr,
            Type::VOID => Self::Void,
            // Arrays in name only: their binary forms are not those of arrays.
            Type::INT2_VECTOR | Type::OID_VECTOR => return None,
            _ => match type_.kind() {
                Kind::Enum(_) => Self::Text,
                Kind::Domain(base) => return Self::of(base),
                Kind::Array(element) => Self::Array(Box::new(Self::of(element)?)),
                _ => return None,
            },
        };
        Some(shape)
    }
}

/// The name of a type as SQL writes it.
pub(crate) fn name(type_: &Type) -> String {
    match type_.kind() {
        Kind::Array(element) => format!("{}[]", name(element)),
        _ if type_.schema() == "pg_catalog" || type_.schema() == "public" => {
            type_.name().to_owned()
        }
        _ => format!("{}.{}", type_.schema(), type_.name()),
    }
}
