//! Properties that must hold for any bytes of a client or a script. Each fuzz target is one function, which panics if
//! they do not hold.
//!
//! Not a part of the library: `cargo fuzz` builds it (`--cfg fuzzing`), and so do the tests, which run it on the
//! corpora that are checked in. A target in `fuzz/fuzz_targets` is one line that calls a function here.
//!
//! | function     | bytes are                                   | held against                                   |
//! |--------------|---------------------------------------------|------------------------------------------------|
//! | `head`       | limits, then a request head                 | the plain scanner, fields split anew, itself cut in pieces |
//! | `chunks`     | limits, then a chunked body                 | the plain decoder, itself cut in pieces         |
//! | `target`     | a method, a version, a target, a Host       | a grammar of hosts written anew                 |
//! | `range`      | a file's size, then a Range field           | every byte asked for, one by one                |
//! | `byteranges` | a Range field, sent to a file's handler     | the file, read out of the reply's parts         |
//! | `conditions` | a file's state, then fields                 | the standard's steps, written anew              |
//! | `decoding`   | a path and a query                          | what no path may mean, what encoding undoes     |
//! | `route`      | a target, for a handler with paths          | a matcher that tries every shape                |
//! | `form`       | a form's body                               | a plain decoder, itself encoded again, serde's values |
//! | `json`       | a JSON body                                 | serde_json alone, itself sent                   |
//! | `multipart_form` | limits, pieces, then a form with files   | a reader that goes line by line                 |
//! | `script`     | what a CGI program says                     | itself cut in pieces, what no reply may say     |
//! | `proxy`      | a PROXY header, or six lines of proxies' fields | itself cut in pieces, plain readers of the fields |
//! | `connection` | what a client does, step by step, with TLS or without | a strict reader of replies; see the module |

#[cfg(feature = "files")]
mod byteranges;
mod choices;
mod chunks;
#[cfg(feature = "files")]
mod conditions;
#[cfg(feature = "tls-testing")]
mod connection;
mod decoding;
mod form;
mod head;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "json")]
mod misfit;
#[cfg(feature = "multipart")]
mod multipart_form;
mod proxy;
mod proxy_fields;
#[cfg(feature = "files")]
mod range;
mod reply;
mod route;
#[cfg(feature = "cgi")]
mod script;
mod target;

#[cfg(feature = "files")]
pub use self::byteranges::byteranges;
pub use self::chunks::chunks;
#[cfg(feature = "files")]
pub use self::conditions::conditions;
#[cfg(feature = "tls-testing")]
pub use self::connection::connection;
pub use self::decoding::decoding;
pub use self::form::form;
pub use self::head::head;
#[cfg(feature = "json")]
pub use self::json::json;
#[cfg(feature = "multipart")]
pub use self::multipart_form::multipart_form;
pub use self::proxy::proxy;
#[cfg(feature = "files")]
pub use self::range::range;
pub use self::route::route;
#[cfg(feature = "cgi")]
pub use self::script::script;
pub use self::target::target;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Runs one target on every file of its corpus.
    fn hold(target: &str, check: fn(&[u8])) {
        let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
        if !corpora.exists() {
            println!("SKIPPED {target}: the package comes without the repository's corpora");
            return;
        }
        let corpus = corpora.join(target);
        let files: Vec<_> = fs::read_dir(&corpus).expect("a corpus for each target").collect();
        assert!(!files.is_empty(), "{target} has something to run on");
        for file in files {
            let path = file.expect("an entry").path();
            println!("{}", path.display());
            check(&fs::read(path).expect("a file"));
        }
    }

    /// Apart from the others, since it takes the longest.
    #[cfg(feature = "tls-testing")]
    #[test]
    fn the_invariants_of_a_connection_hold_on_its_corpus() {
        hold("connection", super::connection::connection_of_every_kind);
    }

    #[test]
    fn the_invariants_hold_on_the_corpora() {
        hold("head", super::head);
        hold("chunks", super::chunks);
        hold("target", super::target);
        hold("decoding", super::decoding);
        hold("form", super::form);
        hold("proxy", super::proxy);
        hold("route", super::route);
        #[cfg(feature = "files")]
        {
            hold("range", super::range);
            hold("byteranges", super::byteranges);
            hold("conditions", super::conditions);
        }
        #[cfg(feature = "json")]
        hold("json", super::json);
        #[cfg(feature = "multipart")]
        hold("multipart_form", super::multipart_form);
        #[cfg(feature = "cgi")]
        hold("script", super::script);
    }
}
