#[allow(elided_lifetimes_in_paths)]
impl Users {
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        clippy::large_types_passed_by_value
    )]
    /// Lists users, a page of ten at a time.
    fn do_GET_users(&self, page: Option<usize>) -> String {
        self.listed(page.unwrap_or(0))
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_POST_users(&self, ex: &mut Exchange) -> Result<(u16, String)> {
        let id = self.add(ex.read_body(1000)?);
        Ok((201, Users::path_user(id)))
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        clippy::large_types_passed_by_value
    )]
    /// One user.
    fn do_GET_user(&self, id: u64) -> Option<String> {
        self.name_of(id)
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        clippy::large_types_passed_by_value
    )]
    fn do_DELETE_user(&self, id: u64, _admin: Admin) -> Result<&'static str> {
        self.remove(id)?;
        Ok("gone")
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_GET_me(&self) -> &'static str {
        "me"
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        clippy::large_types_passed_by_value
    )]
    fn do_GET_echo(&self, word: &str, count: u8, sep: Option<&str>) -> String {
        vec![word; count.into()].join(sep.unwrap_or(","))
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        clippy::large_types_passed_by_value
    )]
    fn do_GET_static(&self, ex: &mut Exchange, rest: &[&str]) -> io::Result<()> {
        ex.send_text(200, rest.join("|"))
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        clippy::large_types_passed_by_value
    )]
    fn do_GET_search(
        &self,
        text: String,
        tag: Vec<&str>,
        lang: Result<&str, Bad>,
    ) -> String {
        self.search(text, tag, lang)
    }
    #[allow(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps
    )]
    fn counted(&self, ex: &Exchange) -> Result {
        self.count(ex)
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.files.do_GET(ex)
    }
}
#[automatically_derived]
impl ::basehttp::__private::BaseHTTPRequestHandler for Users
where
    for<'s> Users: ::basehttp::__private::Shared<'s>,
{
    type MessageClass<'c> = ::basehttp::__private::Headers<'c>;
    const METHODS: &'static [&'static ::basehttp::__private::str] = &[
        "GET",
        "HEAD",
        "POST",
        "DELETE",
        "OPTIONS",
    ];
    fn dispatch<'c>(
        &self,
        __ex: &mut ::basehttp::__private::Exchange<
            'c,
            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::MessageClass<'c>,
        >,
    ) -> ::basehttp::__private::Option<::basehttp::__private::Outcome> {
        ::basehttp::__private::Some({
            let __parts = &mut [""; 4];
            let ::basehttp::__private::Ok(__parts) = ::basehttp::__private::segments(
                __ex,
                __parts,
                |__path| match __path {
                    &["users"] => ::basehttp::__private::Some(0),
                    &["users", "me"] => ::basehttp::__private::Some(1),
                    &["users", __id] if !__id.is_empty() => {
                        ::basehttp::__private::Some(2)
                    }
                    &["echo", __word, __count,
                    ] if !__word.is_empty() && !__count.is_empty() => {
                        ::basehttp::__private::Some(3)
                    }
                    &["static"] => ::basehttp::__private::Some(4),
                    &["static", _, ..] => ::basehttp::__private::Some(5),
                    &["search"] => ::basehttp::__private::Some(6),
                    _ => ::basehttp::__private::None,
                },
            ) else {
                return ::basehttp::__private::not_found(
                    __ex,
                    <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                );
            };
            match __parts {
                ::basehttp::__private::Some(&["users"]) => {
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::outcome(|| {
                                    self.counted(__ex)?;
                                    let __page = ::basehttp::__private::query("page", __ex)
                                        .optional()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(self.do_GET_users(__page)),
                                    )
                                })
                                .send(__ex)
                        }
                        "POST" => {
                            ::basehttp::__private::outcome(|| {
                                    self.counted(__ex)?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(self.do_POST_users(__ex)),
                                    )
                                })
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::allow(
                                __ex,
                                &["GET", "HEAD", "POST", "OPTIONS"],
                            )
                        }
                        _ => {
                            return ::basehttp::__private::not_allowed(
                                __ex,
                                &["GET", "HEAD", "POST", "OPTIONS"],
                                <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                            );
                        }
                    }
                }
                ::basehttp::__private::Some(&["users", "me"]) => {
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::outcome(|| {
                                    self.counted(__ex)?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(self.do_GET_me()),
                                    )
                                })
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::allow(
                                __ex,
                                &["GET", "HEAD", "OPTIONS"],
                            )
                        }
                        _ => {
                            return ::basehttp::__private::not_allowed(
                                __ex,
                                &["GET", "HEAD", "OPTIONS"],
                                <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                            );
                        }
                    }
                }
                ::basehttp::__private::Some(&["users", __id]) if !__id.is_empty() => {
                    if !::basehttp::__private::is_value(__id) {
                        return ::basehttp::__private::not_found(
                            __ex,
                            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                        );
                    }
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::outcome(|| {
                                    let __id = ::basehttp::__private::path("id", __id).one()?;
                                    self.counted(__ex)?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(self.do_GET_user(__id)),
                                    )
                                })
                                .send(__ex)
                        }
                        "DELETE" => {
                            ::basehttp::__private::outcome(|| {
                                    let __id = ::basehttp::__private::path("id", __id).one()?;
                                    self.counted(__ex)?;
                                    let ___admin = ::basehttp::__private::guard(self, __ex)?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_DELETE_user(__id, ___admin),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::allow(
                                __ex,
                                &["GET", "HEAD", "DELETE", "OPTIONS"],
                            )
                        }
                        _ => {
                            return ::basehttp::__private::not_allowed(
                                __ex,
                                &["GET", "HEAD", "DELETE", "OPTIONS"],
                                <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                            );
                        }
                    }
                }
                ::basehttp::__private::Some(
                    &["echo",
                    __word,
                    __count,
                    ],
                ) if !__word.is_empty() && !__count.is_empty() => {
                    if !::basehttp::__private::is_value(__word)
                        || !::basehttp::__private::is_value(__count)
                    {
                        return ::basehttp::__private::not_found(
                            __ex,
                            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                        );
                    }
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::outcome(|| {
                                    let __count = ::basehttp::__private::path("count", __count)
                                        .one()?;
                                    self.counted(__ex)?;
                                    let __sep = ::basehttp::__private::header("X-Sep", __ex)
                                        .optional_str()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_GET_echo(__word, __count, __sep.as_deref()),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::allow(
                                __ex,
                                &["GET", "HEAD", "OPTIONS"],
                            )
                        }
                        _ => {
                            return ::basehttp::__private::not_allowed(
                                __ex,
                                &["GET", "HEAD", "OPTIONS"],
                                <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                            );
                        }
                    }
                }
                ::basehttp::__private::Some(&["static"]) => {
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::outcome(|| {
                                    self.counted(__ex)?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_GET_static(__ex, &[]),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::allow(
                                __ex,
                                &["GET", "HEAD", "OPTIONS"],
                            )
                        }
                        _ => {
                            return ::basehttp::__private::not_allowed(
                                __ex,
                                &["GET", "HEAD", "OPTIONS"],
                                <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                            );
                        }
                    }
                }
                ::basehttp::__private::Some(&["static", _, ..]) => {
                    let ::basehttp::__private::Some(__rest) = ::basehttp::__private::rest(
                        __ex,
                        1,
                    ) else {
                        return ::basehttp::__private::not_found(
                            __ex,
                            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                        );
                    };
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::outcome(|| {
                                    self.counted(__ex)?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_GET_static(__ex, &__rest),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::allow(
                                __ex,
                                &["GET", "HEAD", "OPTIONS"],
                            )
                        }
                        _ => {
                            return ::basehttp::__private::not_allowed(
                                __ex,
                                &["GET", "HEAD", "OPTIONS"],
                                <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                            );
                        }
                    }
                }
                ::basehttp::__private::Some(&["search"]) => {
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::outcome(|| {
                                    self.counted(__ex)?;
                                    let __text = ::basehttp::__private::query("q", __ex)
                                        .one_string()?;
                                    let __tag = ::basehttp::__private::query("tag", __ex)
                                        .many_strs()?;
                                    let __lang = ::basehttp::__private::cookie("lang", __ex)
                                        .one_str();
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self
                                                .do_GET_search(
                                                    __text,
                                                    ::basehttp::__private::borrowed(&__tag),
                                                    match __lang {
                                                        ::basehttp::__private::Ok(ref __lang) => {
                                                            ::basehttp::__private::Ok(&**__lang)
                                                        }
                                                        ::basehttp::__private::Err(__lang) => {
                                                            ::basehttp::__private::Err(
                                                                ::basehttp::__private::Into::into(__lang),
                                                            )
                                                        }
                                                    },
                                                ),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::allow(
                                __ex,
                                &["GET", "HEAD", "OPTIONS"],
                            )
                        }
                        _ => {
                            return ::basehttp::__private::not_allowed(
                                __ex,
                                &["GET", "HEAD", "OPTIONS"],
                                <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                            );
                        }
                    }
                }
                ::basehttp::__private::None if __ex.command == "OPTIONS" => {
                    ::basehttp::__private::allow(
                        __ex,
                        <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                    )
                }
                _ => {
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::outcome(|| {
                                    self.counted(__ex)?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(self.do_GET(__ex)),
                                    )
                                })
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::allow(
                                __ex,
                                &["GET", "HEAD", "OPTIONS"],
                            )
                        }
                        _ => {
                            return ::basehttp::__private::not_allowed(
                                __ex,
                                &["GET", "HEAD", "OPTIONS"],
                                <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                            );
                        }
                    }
                }
            }
        })
    }
    fn route(
        __command: &::basehttp::__private::str,
        __path: &::basehttp::__private::str,
    ) -> ::basehttp::__private::Option<::basehttp::__private::u16> {
        let __decoded = ::basehttp::__private::Decoded::new();
        ::basehttp::__private::Some(
            match ::basehttp::__private::raw_segments(
                __path,
                &__decoded,
                &mut [""; 4],
            )? {
                &["users"] => {
                    match __command {
                        "GET" | "HEAD" => 0,
                        "POST" => 1,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &["users", "me"] => {
                    match __command {
                        "GET" | "HEAD" => 4,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &["users", __id] if !__id.is_empty() => {
                    match __command {
                        "GET" | "HEAD" => 2,
                        "DELETE" => 3,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &["echo", __word, __count,
                ] if !__word.is_empty() && !__count.is_empty() => {
                    match __command {
                        "GET" | "HEAD" => 5,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &["static"] => {
                    match __command {
                        "GET" | "HEAD" => 6,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &["static", _, ..] => {
                    match __command {
                        "GET" | "HEAD" => 6,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &["search"] => {
                    match __command {
                        "GET" | "HEAD" => 7,
                        _ => return ::basehttp::__private::None,
                    }
                }
                _ => return ::basehttp::__private::None,
            },
        )
    }
    fn route_pace(__route: ::basehttp::__private::u16) -> ::basehttp::__private::Pace {
        match __route {
            3 => ::basehttp::__private::Pace::Pool,
            _ => ::basehttp::__private::Pace::Auto,
        }
    }
    const VERSION_STRING: &'static ::basehttp::__private::str = ::basehttp::__private::version_string!(
        "Users/1.0"
    );
    const PROTOCOL_VERSION: ::basehttp::__private::Version = ::basehttp::__private::Version::Http11;
    const OVERRIDES: ::basehttp::__private::Overrides = ::basehttp::__private::Overrides::NONE;
}
#[automatically_derived]
impl ::basehttp::__private::AllMethodsOfATypeGoIntoOneBlockWithHttpHandler for Users {}
/// The requests that the handler serves:
///
/// | method | path | served by | |
/// |---|---|---|---|
/// | GET | `/users` | `do_GET_users` | Lists users, a page of ten at a time. |
/// | POST | `/users` | `do_POST_users` |  |
/// | GET | `/users/{id}` | `do_GET_user` | One user. |
/// | DELETE | `/users/{id}` | `do_DELETE_user` |  |
/// | GET | `/users/me` | `do_GET_me` |  |
/// | GET | `/echo/{word}/{count}` | `do_GET_echo` |  |
/// | GET | `/static/{*rest}` | `do_GET_static` |  |
/// | GET | `/static` | `do_GET_static` |  |
/// | GET | `/search` | `do_GET_search` |  |
/// | GET | any other | `do_GET` |  |
impl Users {
    /// The paths and methods that this handler serves, in the order of its block.
    pub const ROUTES: &'static [::basehttp::__private::Route] = &[
        ::basehttp::__private::Route::new(
            "GET",
            "/users",
            "do_GET_users",
            "Lists users, a page of ten at a time.",
        ),
        ::basehttp::__private::Route::new("POST", "/users", "do_POST_users", ""),
        ::basehttp::__private::Route::new(
            "GET",
            "/users/{id}",
            "do_GET_user",
            "One user.",
        ),
        ::basehttp::__private::Route::new("DELETE", "/users/{id}", "do_DELETE_user", ""),
        ::basehttp::__private::Route::new("GET", "/users/me", "do_GET_me", ""),
        ::basehttp::__private::Route::new(
            "GET",
            "/echo/{word}/{count}",
            "do_GET_echo",
            "",
        ),
        ::basehttp::__private::Route::new("GET", "/static/{*rest}", "do_GET_static", ""),
        ::basehttp::__private::Route::new("GET", "/static", "do_GET_static", ""),
        ::basehttp::__private::Route::new("GET", "/search", "do_GET_search", ""),
        ::basehttp::__private::Route::new("GET", "", "do_GET", ""),
    ];
    /// The link to `/users`, which `do_GET_users` or `do_POST_users` serves.
    #[must_use]
    pub fn path_users() -> ::basehttp::__private::String {
        ::basehttp::__private::link(&[::basehttp::__private::Piece::Word("users")])
    }
    /// The link to `/users/{id}`, which `do_GET_user` or `do_DELETE_user` serves.
    #[must_use]
    pub fn path_user(
        id: impl ::basehttp::__private::fmt::Display,
    ) -> ::basehttp::__private::String {
        ::basehttp::__private::link(
            &[
                ::basehttp::__private::Piece::Word("users"),
                ::basehttp::__private::Piece::Value(&id),
            ],
        )
    }
    /// The link to `/users/me`, which `do_GET_me` serves.
    #[must_use]
    pub fn path_me() -> ::basehttp::__private::String {
        ::basehttp::__private::link(
            &[
                ::basehttp::__private::Piece::Word("users"),
                ::basehttp::__private::Piece::Word("me"),
            ],
        )
    }
    /// The link to `/echo/{word}/{count}`, which `do_GET_echo` serves.
    #[must_use]
    pub fn path_echo(
        word: impl ::basehttp::__private::fmt::Display,
        count: impl ::basehttp::__private::fmt::Display,
    ) -> ::basehttp::__private::String {
        ::basehttp::__private::link(
            &[
                ::basehttp::__private::Piece::Word("echo"),
                ::basehttp::__private::Piece::Value(&word),
                ::basehttp::__private::Piece::Value(&count),
            ],
        )
    }
    /// The link to `/static/{*rest}`, which `do_GET_static` serves.
    #[must_use]
    pub fn path_static(
        rest: &[&::basehttp::__private::str],
    ) -> ::basehttp::__private::String {
        ::basehttp::__private::link(
            &[
                ::basehttp::__private::Piece::Word("static"),
                ::basehttp::__private::Piece::Rest(rest),
            ],
        )
    }
    /// The link to `/search`, which `do_GET_search` serves.
    #[must_use]
    pub fn path_search() -> ::basehttp::__private::String {
        ::basehttp::__private::link(&[::basehttp::__private::Piece::Word("search")])
    }
}
