//! Types as far as their spelling tells: the parts of one, and if one can be another. A type whose name is not known
//! may be an alias, and is left to the compiler.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{GenericArgument, Ident, Path, PathArguments, PathSegment, Type};

/// Names that are no alias of anything else in the signatures of this crate.
#[rustfmt::skip]
const WELL_KNOWN: [&str; 28] = [
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
    "f32", "f64", "String", "Option", "Vec", "Box", "Arc", "Rc", "Cow", "SystemTime", "Duration", "Instant", "Exchange",
];

/// True if `found` cannot be the type that is `wanted`, whatever its names stand for.
pub(crate) fn contradicts(found: &Type, wanted: &str) -> bool {
    let wanted = syn::parse_str(wanted).expect("the types that are wanted are written in Rust");
    types_contradict(found, &wanted)
}

/// True if the type can be `&mut Exchange` or `&Exchange`.
pub(crate) fn may_borrow_exchange(ty: &Type) -> bool {
    let is_one = |elem: &Type| last_segment(elem).is_some_and(|last| last.ident == "Exchange");
    match ungrouped(ty) {
        // The usual case, told without reading the types that are wanted.
        Type::Reference(reference) if is_one(&reference.elem) => true,
        ty => !contradicts(ty, "&mut Exchange") || !contradicts(ty, "&Exchange"),
    }
}

/// The type without parentheses, and without the group that `$ty` of a macro makes.
pub(crate) fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        _ => ty,
    }
}

/// The type that a reference refers to, or the type itself.
pub(crate) fn target(ty: &Type) -> &Type {
    match ungrouped(ty) {
        Type::Reference(reference) => target(&reference.elem),
        ty => ty,
    }
}

/// `Result<u8>` of `std::io::Result<u8>`.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ungrouped(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

pub(crate) fn type_argument(segment: &PathSegment, at: usize) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    let mut types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.nth(at)
}

/// `u8` of `Option<u8>`, if that is the type's `name`.
pub(crate) fn inside<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    type_argument(last_segment(ty).filter(|last| last.ident.unraw() == name)?, 0)
}

/// Returns the type as it is usually written, such as `Option<&str>`.
pub(crate) fn written(ty: &Type) -> String {
    let mut text = ungrouped(ty).to_token_stream().to_string();
    for (spaced, dense) in
        [(" <", "<"), ("< ", "<"), (" >", ">"), (" ::", "::"), (":: ", "::"), (" ,", ","), ("& ", "&")]
    {
        text = text.replace(spaced, dense);
    }
    text
}

fn types_contradict(found: &Type, wanted: &Type) -> bool {
    match (found, wanted) {
        (Type::Paren(found), _) => types_contradict(&found.elem, wanted),
        (Type::Group(found), _) => types_contradict(&found.elem, wanted),
        (Type::Macro(_) | Type::Verbatim(_), _) => false,
        (Type::Reference(found), Type::Reference(wanted)) => {
            found.mutability.is_some() != wanted.mutability.is_some() || types_contradict(&found.elem, &wanted.elem)
        }
        (Type::Path(found), Type::Path(wanted)) => paths_contradict(&found.path, &wanted.path),
        (Type::Path(found), _) => found.path.segments.last().is_some_and(|last| is_well_known(&last.ident)),
        (Type::Tuple(found), Type::Tuple(wanted)) => found.elems.len() != wanted.elems.len(),
        _ => true,
    }
}

fn paths_contradict(found: &Path, wanted: &Path) -> bool {
    let (Some(found), Some(wanted)) = (found.segments.last(), wanted.segments.last()) else { return false };
    if found.ident != wanted.ident {
        return is_well_known(&found.ident);
    }
    types_in(&found.arguments).zip(types_in(&wanted.arguments)).any(|(found, wanted)| types_contradict(found, wanted))
}

/// `u64` of `Option<u64>`; lifetimes may be left out.
fn types_in(arguments: &PathArguments) -> impl Iterator<Item = &Type> {
    let arguments = match arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    arguments.into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn is_well_known(name: &Ident) -> bool {
    WELL_KNOWN.iter().any(|known| name == known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_written_as_usual() {
        for text in ["u64", "Option<&str>", "Result<Vec<u8>, HTTPError>", "std::net::IpAddr", "&'a str", "(u8, u8)"] {
            assert_eq!(written(&syn::parse_str(text).expect("these are types")), text);
        }
    }

    #[test]
    fn only_what_cannot_be_the_type_contradicts_it() {
        for (found, wanted, expected) in [
            ("u16", "u16", false),
            ("Code", "u16", false), // may be an alias
            ("u32", "u16", true),
            ("&u16", "u16", true),
            ("Option<u64>", "Option<u64>", false),
            ("std::option::Option<u64>", "Option<u64>", false),
            ("Option<usize>", "Option<u64>", true),
            ("Vec<u64>", "Option<u64>", true),
            ("Arguments", "fmt::Arguments<'_>", false),
            ("&fmt::Arguments<'_>", "fmt::Arguments<'_>", true),
            ("Cow<str>", "Cow<'_, str>", false),
            ("Cow<'_, [u8]>", "Cow<'_, str>", true),
            ("&str", "String", true),
            ("Exchange", "&Exchange", true),
            ("Ex<'_>", "&Exchange", false), // may be an alias of the reference
            ("&Ex<'_>", "&Exchange", false),
            ("&mut Exchange", "&Exchange", true),
            ("&Exchange<'_, Mine>", "&mut Exchange", true),
            ("&mut impl Foo", "&mut Exchange", true),
            ("(&mut Exchange)", "&mut Exchange", false),
            ("basehttp::Result<bool>", "Result<bool>", false),
            ("Result<bool, HandlerError>", "Result<bool>", false),
            ("Result<()>", "Result<bool>", true),
            ("Result", "io::Result<()>", false),
            ("bool", "()", true),
            ("!", "()", true),
            ("nothing!()", "()", false),
        ] {
            let found_type = syn::parse_str(found).expect("these are types");
            assert_eq!(contradicts(&found_type, wanted), expected, "{found} for {wanted}");
        }
    }

    #[test]
    fn only_a_reference_or_an_alias_may_borrow_the_exchange() {
        for (found, expected) in [
            ("&mut Exchange", true),
            ("&Exchange<'_, Mine>", true),
            ("(&basehttp::Exchange)", true),
            ("Ex<'_>", true),
            ("&mut Ex<'_>", true),
            ("Exchange", false),
            ("&&Exchange", false),
            ("&str", false),
            ("u64", false),
        ] {
            let found_type = syn::parse_str(found).expect("these are types");
            assert_eq!(may_borrow_exchange(&found_type), expected, "{found}");
        }
    }
}
