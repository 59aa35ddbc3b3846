//! A path and a query, decoded: what a path can mean, what a redirect can say, and that encoding is undone.

use super::choices::Choices;
#[cfg(feature = "files")]
use crate::proto::target::Target;
use crate::{Form, Query};

/// Runs this target on `bytes`.
pub fn decoding(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let (path, query) = (choices.line(), choices.rest());
    if let Ok(query) = str::from_utf8(query) {
        check_query(query);
    }
    #[cfg(feature = "files")]
    if let Ok(path) = str::from_utf8(path)
        && let Ok(target) = Target::parse("GET", path)
    {
        files::check_path(&target.path);
    }
}

fn check_query(raw: &str) {
    let query = Query::parse(raw);
    let pairs: Vec<_> = query.iter().collect();
    for (name, _) in &pairs {
        let values: Vec<_> = pairs.iter().filter(|(other, _)| other == name).map(|(_, value)| value.clone()).collect();
        assert_eq!(query.get(name).as_ref(), values.first());
        assert_eq!(query.get_all(name).collect::<Vec<_>>(), values);
    }
    // Strict decoding refuses some, and never reads another thing.
    if let Ok(form) = Form::parse(raw) {
        assert!(form.iter().eq(pairs.iter().map(|(name, value)| (&**name, &**value))));
    }
    let encoded: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
    assert_eq!(Query::parse(&encoded).iter().collect::<Vec<_>>(), pairs, "encoded and decoded again");
}

#[cfg(feature = "files")]
mod files {
    use crate::handlers::simple::path::{ServedPath, directory_location};

    pub(super) fn check_path(raw: &str) {
        let place = ServedPath::of_request(raw);
        if let Some(place) = &place {
            let path = place.path();
            assert!(path.len() <= 4096 && !path.contains(&0));
            let names = || path.split(|&byte| byte == b'/');
            assert!(path.is_empty() || names().all(|name| !matches!(name, b"" | b"." | b"..")), "beneath the root");
            let is_hidden =
                names().enumerate().any(|(at, name)| name.starts_with(b".") && (at, name) != (0, b".well-known"));
            assert_eq!(place.is_hidden(), is_hidden);
        }
        let location = directory_location(raw);
        assert!(location.starts_with('/') && !location.starts_with("//") && !location.starts_with("/\\"), "this site");
        assert!(location.bytes().all(|byte| (b'!'..=b'~').contains(&byte)), "{location}");
        if let (Some(here), Some(there)) = (place, ServedPath::of_request(&location)) {
            assert_eq!(here.path(), there.path(), "the same folder");
            assert!(there.ends_in_slash());
        }
    }
}
