use super::*;

fn read(text: &str) -> (String, Option<String>) {
    let attribute: Attribute = syn::parse_quote!(#[path(#text)]);
    let mut refusals = Refusals::default();
    let template = Template::read(&attribute, &mut refusals);
    let shown = template.pieces.iter().map(|piece| match piece {
        Piece::Word(word) => format!("{word:?}"),
        Piece::Parameter(name) => name.clone(),
        Piece::Rest(name) => format!("*{name}"),
    });
    let shown = shown.collect::<Vec<_>>().join(" ");
    let refused = (!refusals.is_empty()).then(|| refusals.into_compile_errors().to_string());
    assert_eq!(template.is_sound, refused.is_none(), "{text}");
    (shown, refused)
}

#[test]
fn a_template_has_a_piece_for_each_segment() {
    for (text, pieces) in [
        ("/", ""),
        ("/users", "\"users\""),
        ("/users/", "\"users\" \"\""),
        ("/users/{id}", "\"users\" id"),
        ("/{a}/b/{c_2}", "a \"b\" c_2"),
        ("/{*rest}", "*rest"),
        ("/a b/caf\u{e9}/v1.0/~x", "\"a b\" \"caf\u{e9}\" \"v1.0\" \"~x\""),
        ("/{type}", "type"),
        ("/100%", "\"100%\""),
        ("/a:b/$c/:", "\"a:b\" \"$c\" \":\""),
        ("/.well-known/x", "\".well-known\" \"x\""),
    ] {
        assert_eq!(read(text), (pieces.to_owned(), None), "{text}");
    }
}

#[test]
fn a_bad_template_is_refused_once_and_has_the_likeliest_pieces() {
    for (text, pieces, said) in [
        ("", "", "begins with a slash\\nwrite \\\"/\\\""),
        ("users", "\"users\"", "write \\\"/users\\\""),
        ("users/:id", "\"users\" id", "write \\\"/users/{id}\\\""),
        ("/users//x", "\"users\" \"x\"", "write \\\"/users/x\\\""),
        ("//", "", "write \\\"/\\\""),
        ("/users?page=1", "\"users\"", "`#[query] page: \u{2026}`"),
        ("/a#b", "\"a\"", "write \\\"/a\\\""),
        ("/%41", "\"A\"", "write \\\"/A\\\""),
        ("/caf%C3%A9", "\"caf\u{e9}\"", "decoded"),
        ("/a\nb", "\"ab\"", "control character"),
        ("/a%00b", "\"ab\"", "write \\\"/ab\\\""),
        (" /a", "\"a\"", "white space"),
        ("/a ", "\"a\"", "write \\\"/a\\\""),
        ("GET /a", "\"a\"", "`GET` is part of the method's name"),
        ("http://host/a", "\"a\"", "scheme and host"),
        ("http://host", "", "write \\\"/\\\""),
        ("/users/:id", "\"users\" id", "write \\\"/users/{id}\\\""),
        ("/users/<id>", "\"users\" id", "write \\\"/users/{id}\\\""),
        ("/users/<int:id>", "\"users\" id", "write \\\"/users/{id}\\\""),
        ("/static/*rest", "\"static\" *rest", "write \\\"/static/{*rest}\\\""),
        ("/static/*", "\"static\" *rest", "write \\\"/static/{*rest}\\\""),
        ("/static/**", "\"static\" *rest", "write \\\"/static/{*rest}\\\""),
        ("/static/<rest..>", "\"static\" *rest", "write \\\"/static/{*rest}\\\""),
        ("/static/<path:file>", "\"static\" *file", "write \\\"/static/{*file}\\\""),
        ("*", "*rest", "write \\\"/{*rest}\\\""),
        ("/user-{id}", "id", "a whole segment"),
        ("/{id}.json", "id", "a whole segment"),
        ("/{a}{b}", "a b", "a whole segment"),
        ("/{{id}}", "id", "a whole segment"),
        ("/{", "name", "lacks a `}`"),
        ("/{id", "id", "lacks a `}`"),
        ("/id}", "id", "lacks a `{`"),
        ("/{}", "name", "lower-case"),
        ("/{1}", "name", "lower-case"),
        ("/{ id }", "id", "lower-case"),
        ("/{Id}", "id", "write \\\"/{id}\\\""),
        ("/{userId}", "user_id", "write \\\"/{user_id}\\\""),
        ("/{id:u64}", "id", "the type is that"),
        ("/{id?}", "id", "cannot be missing"),
        ("/{*}", "*rest", "write \\\"/{*rest}\\\""),
        ("/{rest*}", "*rest", "not a rest"),
        ("/{**rest}", "*rest", "not a rest"),
        ("/{...rest}", "*rest", "not a rest"),
        ("/{rest..}", "*rest", "not a rest"),
        ("/{*all}/x", "*all", "nothing can stand behind it"),
        ("/{*all}/", "*all", "nothing can stand behind it"),
        ("/{a}/{a}", "a a_2", "twice"),
        ("/{a}/{a}/{a}", "a a_2 a_3", "twice"),
        ("/a/../b", "\"b\"", "resolved"),
        ("/a/./b", "\"a\" \"b\"", "resolved"),
        ("/..", "", "resolved"),
        ("/{self}", "name", "lower-case"),
    ] {
        let (read, refused) = read(text);
        assert_eq!(read, pieces, "{text}");
        let refused = refused.unwrap_or_else(|| panic!("{text} is accepted"));
        assert_eq!(refused.matches("compile_error").count(), 1, "{text}");
        assert!(refused.contains(said), "{text}: {refused}");
        let (_, instead) = refused.split_once("write \\\"").expect("every refusal says what to write");
        let (instead, _) = instead.split_once("\\\"").expect("it is a string");
        assert_eq!(self::read(instead).1, None, "{text}: what is to be written is a path");
    }
}
