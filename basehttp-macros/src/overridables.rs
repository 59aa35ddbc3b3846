//! The methods that an impl block may override, with their signatures. The checks, the messages and the forwarding
//! methods all use this table.
//!
//! If you change it, change the table in the runtime's `exchange/hooks.rs`, which says what else there is to do, and
//! the table in the documentation of `http_handler`. A type that is new here needs its path in `expand/names.rs`.

use std::fmt;

use syn::ext::IdentExt;

use self::FaceType::{
    Address, Arguments, Bool, Code, CowStr, Error, Exchange, IoResult, ResultBool, Size, Str, String, SystemTime, Unit,
};

/// A method that the runtime calls and an impl block may define.
pub(crate) struct Overridable {
    pub name: &'static str,
    /// The parameters after `&self`.
    pub parameters: &'static [(&'static str, FaceType)],
    pub output: FaceType,
}

/// A type in the signature of an overridable.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaceType {
    Address,
    Arguments,
    Bool,
    Code,
    CowStr,
    Error,
    Exchange,
    IoResult,
    ResultBool,
    Size,
    Str,
    String,
    SystemTime,
    Unit,
}

/// In the order of the trait.
#[rustfmt::skip]
pub(crate) const OVERRIDABLES: [Overridable; 14] = [
    Overridable { name: "log_request", parameters: &[("ex", Exchange), ("code", Code), ("size", Size)], output: Unit },
    Overridable { name: "log_error", parameters: &[("ex", Exchange), ("message", Arguments)], output: Unit },
    Overridable { name: "log_message", parameters: &[("ex", Exchange), ("message", Arguments)], output: Unit },
    Overridable { name: "version_string", parameters: &[], output: CowStr },
    Overridable { name: "date_time_string", parameters: &[("time", SystemTime)], output: String },
    Overridable { name: "log_date_time_string", parameters: &[], output: String },
    Overridable { name: "address_string", parameters: &[("ex", Exchange)], output: String },
    Overridable { name: "handle_expect_100", parameters: &[("ex", Exchange)], output: ResultBool },
    Overridable { name: "end_headers", parameters: &[("ex", Exchange)], output: IoResult },
    Overridable {
        name: "send_error",
        parameters: &[("ex", Exchange), ("code", Code), ("message", Str), ("explain", Str)],
        output: IoResult,
    },
    Overridable { name: "verify_request", parameters: &[("client_address", Address)], output: Bool },
    Overridable { name: "handle_error", parameters: &[("client_address", Address), ("error", Error)], output: Unit },
    Overridable { name: "handle_timeout", parameters: &[], output: Unit },
    Overridable { name: "service_actions", parameters: &[], output: Unit },
];

impl Overridable {
    pub(crate) fn named(name: &syn::Ident) -> Option<&'static Self> {
        OVERRIDABLES.iter().find(|overridable| name.unraw() == overridable.name)
    }

    pub(crate) fn takes_exchange(&self) -> bool {
        self.parameters.iter().any(|(_, ty)| *ty == Exchange)
    }
}

impl FaceType {
    /// The type as users write it.
    pub(crate) fn written(self) -> &'static str {
        match self {
            Address => "&Address",
            Arguments => "fmt::Arguments<'_>",
            Bool => "bool",
            Code => "u16",
            CowStr => "Cow<'_, str>",
            Error => "&HandlerError",
            Exchange => "&Exchange",
            IoResult => "io::Result<()>",
            ResultBool => "Result<bool>",
            Size => "Option<u64>",
            Str => "&str",
            String => "String",
            SystemTime => "SystemTime",
            Unit => "()",
        }
    }
}

/// Writes the signature as users do, such as `fn log_date_time_string(&self) -> String`.
impl fmt::Display for Overridable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fn {}(&self", self.name)?;
        for (name, ty) in self.parameters {
            write!(f, ", {name}: {}", ty.written())?;
        }
        f.write_str(")")?;
        if self.output == Unit { Ok(()) } else { write!(f, " -> {}", self.output.written()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_overridable_is_documented_with_its_signature() {
        for overridable in &OVERRIDABLES {
            assert!(include_str!("http_handler.md").contains(&format!("\n| `{overridable}` |")), "{overridable}");
        }
    }
}
