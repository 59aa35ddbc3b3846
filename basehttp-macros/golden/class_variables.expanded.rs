impl Device {
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_GET(&self, ex: &mut Exchange<'_, MyHeaders<'_, u8>>) -> Result {
        ex.send_text(299, "hello")
    }
}
#[automatically_derived]
impl reexported::basehttp::__private::BaseHTTPRequestHandler for Device
where
    for<'s> Device: reexported::basehttp::__private::Shared<'s>,
{
    type MessageClass<'c> = MyHeaders<'c, u8>;
    const METHODS: &'static [&'static reexported::basehttp::__private::str] = &[
        "GET",
        "HEAD",
        "OPTIONS",
    ];
    fn dispatch<'c>(
        &self,
        __ex: &mut reexported::basehttp::__private::Exchange<
            'c,
            <Self as reexported::basehttp::__private::BaseHTTPRequestHandler>::MessageClass<
                'c,
            >,
        >,
    ) -> reexported::basehttp::__private::Option<
        reexported::basehttp::__private::Outcome,
    > {
        reexported::basehttp::__private::Some(
            match __ex.command {
                "GET" | "HEAD" => {
                    reexported::basehttp::__private::response(self.do_GET(__ex))
                        .send(__ex)
                }
                "OPTIONS" => {
                    reexported::basehttp::__private::allow(
                        __ex,
                        <Self as reexported::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                    )
                }
                _ => return reexported::basehttp::__private::None,
            },
        )
    }
    fn pace(
        _: &reexported::basehttp::__private::str,
    ) -> reexported::basehttp::__private::Pace {
        reexported::basehttp::__private::Pace::Pool
    }
    const RESPONSES: reexported::basehttp::__private::Responses = reexported::basehttp::__private::responses! {
        299 : ("Fine", "All is well."), 520 : ("Tired", "The device needs a rest.")
    };
    const VERSION_STRING: &'static reexported::basehttp::__private::str = reexported::basehttp::__private::version_string!(
        "Device/2.1", ""
    );
    const PROTOCOL_VERSION: reexported::basehttp::__private::Version = reexported::basehttp::__private::Version::Http10;
    const ERROR_MESSAGE_FORMAT: &'static reexported::basehttp::__private::str = "{\"error\": %(code)d, \"message\": \"%(message)s\"}";
    const ERROR_CONTENT_TYPE: &'static reexported::basehttp::__private::str = "application/json";
    const UNKNOWN_METHOD: reexported::basehttp::__private::u16 = 405;
    const CORS: reexported::basehttp::__private::Option<
        &'static reexported::basehttp::__private::str,
    > = reexported::basehttp::__private::Some("*");
    const OVERRIDES: reexported::basehttp::__private::Overrides = reexported::basehttp::__private::Overrides::NONE;
}
#[automatically_derived]
impl reexported::basehttp::__private::AllMethodsOfATypeGoIntoOneBlockWithHttpHandler
for Device {}
