#[allow(elided_lifetimes_in_paths)]
impl Device {
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_text(200, "hello")
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_SPAM(&self, ex: &mut Exchange) {
        self.count(ex);
    }
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn search(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_error((404, "nothing found"))
    }
}
#[automatically_derived]
impl ::basehttp::__private::BaseHTTPRequestHandler for Device
where
    for<'s> Device: ::basehttp::__private::Shared<'s>,
{
    type MessageClass<'c> = ::basehttp::__private::Headers<'c>;
    const METHODS: &'static [&'static ::basehttp::__private::str] = &[
        "GET",
        "SPAM",
        "M-SEARCH",
    ];
    fn dispatch<'c>(
        &self,
        __ex: &mut ::basehttp::__private::Exchange<
            'c,
            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::MessageClass<'c>,
        >,
    ) -> ::basehttp::__private::Option<::basehttp::__private::Outcome> {
        ::basehttp::__private::Some(
            match __ex.command {
                "GET" => ::basehttp::__private::response(self.do_GET(__ex)).send(__ex),
                "SPAM" => ::basehttp::__private::response(self.do_SPAM(__ex)).send(__ex),
                "M-SEARCH" => {
                    ::basehttp::__private::response(self.search(__ex)).send(__ex)
                }
                _ => return ::basehttp::__private::None,
            },
        )
    }
    fn pace(__command: &::basehttp::__private::str) -> ::basehttp::__private::Pace {
        match __command {
            "M-SEARCH" => ::basehttp::__private::Pace::Pool,
            _ => ::basehttp::__private::Pace::Auto,
        }
    }
    const OVERRIDES: ::basehttp::__private::Overrides = ::basehttp::__private::Overrides::NONE;
}
#[automatically_derived]
impl ::basehttp::__private::AllMethodsOfATypeGoIntoOneBlockWithHttpHandler for Device {}
