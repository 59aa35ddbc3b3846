#[allow(elided_lifetimes_in_paths)]
impl Hello {
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    #[allow(unused)]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        #[cfg(miri)] { Ok(ex.send_error(404, "no such page")?) }
        loop {}
    }
    fn greeting(&self) -> &str {
        "hello"
    }
}
#[automatically_derived]
impl ::basehttp::__private::BaseHTTPRequestHandler for Hello
where
    for<'s> Hello: ::basehttp::__private::Shared<'s>,
{
    type MessageClass<'c> = ::basehttp::__private::Headers<'c>;
    const METHODS: &'static [&'static ::basehttp::__private::str] = &[];
    fn dispatch<'c>(
        &self,
        _: &mut ::basehttp::__private::Exchange<
            'c,
            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::MessageClass<'c>,
        >,
    ) -> ::basehttp::__private::Option<::basehttp::__private::Outcome> {
        ::basehttp::__private::None
    }
}
::core::compile_error! {
    "`server_versoin` is not an argument of `http_handler`\ndid you mean `server_version`?"
}
::core::compile_error! {
    "`do_GET` is async, but the runtime calls plain functions, which may block\nwrite `fn do_GET(&self, ex: &mut Exchange) -> Result`"
}
::core::compile_error! {
    "`send_error` takes one argument\nwrite `ex.send_error((404, \"no such page\"))`"
}
