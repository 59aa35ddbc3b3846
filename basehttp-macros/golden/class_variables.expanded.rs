#[allow(elided_lifetimes_in_paths)]
impl Device {
    #[allow(non_snake_case, clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_GET(&self, ex: &mut Exchange<'_, MyHeaders<'_, u8>>) -> Result {
        ex.send_text(299, "hello")
    }
}
#[automatically_derived]
impl reexported::basehttp::__private::BaseHTTPRequestHandler for Device
where
    Device: ::core::marker::Send + ::core::marker::Sync + 'static,
{
    type MessageClass<'c> = MyHeaders<'c, u8>;
    const METHODS: &'static [&'static str] = &["GET", "HEAD", "OPTIONS"];
    fn dispatch<'c>(
        &self,
        ex: &mut reexported::basehttp::__private::Exchange<'c, Self::MessageClass<'c>>,
    ) -> reexported::basehttp::__private::Option<
        reexported::basehttp::__private::Outcome,
    > {
        reexported::basehttp::__private::Some(
            match ex.command {
                "GET" | "HEAD" => {
                    reexported::basehttp::__private::outcome(Self::do_GET(self, ex))
                }
                "OPTIONS" => reexported::basehttp::__private::allow(ex, Self::METHODS),
                _ => return reexported::basehttp::__private::None,
            },
        )
    }
    fn pace(_: &str) -> reexported::basehttp::__private::Pace {
        reexported::basehttp::__private::Pace::Pool
    }
    const RESPONSES: &'static [(u16, &'static str, &'static str)] = reexported::basehttp::__private::responses! {
        299 : ("Fine", "All is well."), 520 : ("Tired", "The device needs a rest.")
    };
    const VERSION_STRING: &'static str = reexported::basehttp::__private::version_string!(
        "Device/2.1", ""
    );
    const PROTOCOL_VERSION: reexported::basehttp::__private::Version = reexported::basehttp::__private::Version::Http10;
    const ERROR_MESSAGE_FORMAT: &'static str = "{\"error\": %(code)d, \"message\": \"%(message)s\"}";
    const ERROR_CONTENT_TYPE: &'static str = "application/json";
    const OVERRIDES: reexported::basehttp::__private::Overrides = reexported::basehttp::__private::Overrides::NONE;
}
