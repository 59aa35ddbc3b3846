#[allow(elided_lifetimes_in_paths)]
impl<S: Store> Site<S> {
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_GET_home(&self) -> Result<String> {
        self.store.get_home()
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_GET_health(&self) -> Result<String> {
        self.store.get_health()
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_HEAD_health(&self) -> Result<String> {
        self.store.head_health()
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_GET_projects(&self) -> Result<String> {
        self.store.get_projects()
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_POST_projects(&self, ex: &mut Exchange) -> Result<String> {
        self.store.post_projects()
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_PROPFIND_projects(&self) -> Result<String> {
        self.store.propfind_projects()
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
    fn do_GET_project(&self, project: u32) -> Result<String> {
        self.store.get_project()
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
    fn do_PUT_project(&self, project: u32, ex: &mut Exchange) -> Result<String> {
        self.store.put_project()
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
    fn do_PATCH_project(&self, project: u32, ex: &mut Exchange) -> Result<String> {
        self.store.patch_project()
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
    #[cfg(feature = "delete")]
    fn do_DELETE_project(&self, project: u32, _login: Login) -> Result<String> {
        self.store.delete_project()
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_GET_my_projects(&self) -> Result<String> {
        self.store.get_my_projects()
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
    fn do_GET_issues(&self, project: u32) -> Result<String> {
        self.store.get_issues()
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
    fn do_POST_issues(&self, project: u32, ex: &mut Exchange) -> Result<String> {
        self.store.post_issues()
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
    fn do_OPTIONS_issues(&self, project: u32) -> Result<String> {
        self.store.options_issues()
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
    fn do_GET_issue(&self, project: u32, issue: u64) -> Result<String> {
        self.store.get_issue()
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
    fn do_PUT_issue(
        &self,
        project: u32,
        issue: u64,
        ex: &mut Exchange,
    ) -> Result<String> {
        self.store.put_issue()
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
    fn do_PATCH_issue(
        &self,
        project: u32,
        issue: u64,
        ex: &mut Exchange,
    ) -> Result<String> {
        self.store.patch_issue()
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
    #[cfg(feature = "delete")]
    fn do_DELETE_issue(
        &self,
        project: u32,
        issue: u64,
        _login: Login,
    ) -> Result<String> {
        self.store.delete_issue()
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
    fn do_LOCK_issue(&self, project: u32, issue: u64) -> Result<String> {
        self.store.lock_issue()
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
    fn do_UNLOCK_issue(&self, project: u32, issue: u64) -> Result<String> {
        self.store.unlock_issue()
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
    fn do_GET_comments(&self, project: u32, issue: u64) -> Result<String> {
        self.store.get_comments()
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
    fn do_POST_comments(
        &self,
        project: u32,
        issue: u64,
        ex: &mut Exchange,
    ) -> Result<String> {
        self.store.post_comments()
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
    #[cfg(feature = "delete")]
    fn do_DELETE_comments(
        &self,
        project: u32,
        issue: u64,
        _login: Login,
    ) -> Result<String> {
        self.store.delete_comments()
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
    fn do_GET_file(&self, project: u32, file: &[&str]) -> Result<String> {
        self.store.get_file()
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
    fn do_PUT_file(
        &self,
        project: u32,
        file: &[&str],
        ex: &mut Exchange,
    ) -> Result<String> {
        self.store.put_file()
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
    #[cfg(feature = "delete")]
    fn do_DELETE_file(
        &self,
        project: u32,
        file: &[&str],
        _login: Login,
    ) -> Result<String> {
        self.store.delete_file()
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
    fn do_MOVE_file(&self, project: u32, file: &[&str]) -> Result<String> {
        self.store.move_file()
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
    fn do_COPY_file(&self, project: u32, file: &[&str]) -> Result<String> {
        self.store.copy_file()
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
    fn do_PROPFIND_file(&self, project: u32, file: &[&str]) -> Result<String> {
        self.store.propfind_file()
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
    fn do_GET_help(&self, lang: &str) -> Result<String> {
        self.store.get_help()
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
    #[cfg(feature = "calendar")]
    fn do_GET_day(&self, day: Date) -> Result<String> {
        self.store.get_day()
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
    #[cfg(feature = "calendar")]
    fn do_PUT_day(&self, day: Date, ex: &mut Exchange) -> Result<String> {
        self.store.put_day()
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
    #[cfg(feature = "delete")]
    #[cfg(feature = "calendar")]
    fn do_DELETE_day(&self, day: Date, _login: Login) -> Result<String> {
        self.store.delete_day()
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
    #[cfg(feature = "calendar")]
    fn do_REPORT_day(&self, day: Date) -> Result<String> {
        self.store.report_day()
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
    fn do_GET_asset(&self, asset: &[&str]) -> Result<String> {
        self.store.get_asset()
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
    fn do_PURGE_asset(&self, asset: &[&str]) -> Result<String> {
        self.store.purge_asset()
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
    fn do_PUT_asset(&self, asset: &[&str], ex: &mut Exchange) -> Result<String> {
        self.store.put_asset()
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
    #[cfg(feature = "delete")]
    fn do_DELETE_asset(&self, asset: &[&str], _login: Login) -> Result<String> {
        self.store.delete_asset()
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
    fn do_TRACE_asset(&self, asset: &[&str]) -> Result<String> {
        self.store.trace_asset()
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
    fn do_SEARCH_asset(&self, asset: &[&str]) -> Result<String> {
        self.store.search_asset()
    }
}
#[automatically_derived]
impl<S: Store> ::basehttp::__private::BaseHTTPRequestHandler for Site<S>
where
    for<'s> Site<S>: ::basehttp::__private::Shared<'s>,
{
    type MessageClass<'c> = ::basehttp::__private::Headers<'c>;
    const METHODS: &'static [&'static ::basehttp::__private::str] = &[
        "GET",
        "HEAD",
        "POST",
        "PROPFIND",
        "PUT",
        "PATCH",
        #[cfg(any(feature = "delete", all(feature = "delete", feature = "calendar")))]
        "DELETE",
        "OPTIONS",
        "LOCK",
        "UNLOCK",
        "MOVE",
        "COPY",
        #[cfg(feature = "calendar")]
        "REPORT",
        "PURGE",
        "TRACE",
        "SEARCH",
    ];
    fn dispatch<'c>(
        &self,
        __ex: &mut ::basehttp::__private::Exchange<
            'c,
            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::MessageClass<'c>,
        >,
    ) -> ::basehttp::__private::Option<::basehttp::__private::Outcome> {
        ::basehttp::__private::Some({
            let __parts = &mut [""; 6];
            let ::basehttp::__private::Ok(__parts) = ::basehttp::__private::segments(
                __ex,
                __parts,
                |__path| match __path {
                    &[] => ::basehttp::__private::Some(0),
                    &["health"] => ::basehttp::__private::Some(1),
                    &["projects"] => ::basehttp::__private::Some(2),
                    &["projects", "mine"] => ::basehttp::__private::Some(3),
                    &["projects", __project] if !__project.is_empty() => {
                        ::basehttp::__private::Some(4)
                    }
                    &["projects", __project, "issues"] if !__project.is_empty() => {
                        ::basehttp::__private::Some(5)
                    }
                    &["projects", __project, "issues", __issue,
                    ] if !__project.is_empty() && !__issue.is_empty() => {
                        ::basehttp::__private::Some(6)
                    }
                    &["projects", __project, "issues", __issue, "comments",
                    ] if !__project.is_empty() && !__issue.is_empty() => {
                        ::basehttp::__private::Some(7)
                    }
                    &["projects", __project, "files", _, ..] if !__project.is_empty() => {
                        ::basehttp::__private::Some(8)
                    }
                    #[cfg(
                        any(
                            feature = "calendar",
                            all(feature = "delete", feature = "calendar")
                        )
                    )]
                    &["calendar", __day] if !__day.is_empty() => {
                        ::basehttp::__private::Some(9)
                    }
                    &["assets", _, ..] => ::basehttp::__private::Some(10),
                    &[__lang, "help"] if !__lang.is_empty() => {
                        ::basehttp::__private::Some(11)
                    }
                    _ => ::basehttp::__private::None,
                },
            ) else {
                return ::basehttp::__private::not_found(
                    __ex,
                    <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                );
            };
            match __parts {
                ::basehttp::__private::Some(&[]) => {
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::response(self.do_GET_home())
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
                ::basehttp::__private::Some(&["health"]) => {
                    match __ex.command {
                        "GET" => {
                            ::basehttp::__private::response(self.do_GET_health())
                                .send(__ex)
                        }
                        "HEAD" => {
                            ::basehttp::__private::response(self.do_HEAD_health())
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
                ::basehttp::__private::Some(&["projects"]) => {
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::response(self.do_GET_projects())
                                .send(__ex)
                        }
                        "POST" => {
                            ::basehttp::__private::response(self.do_POST_projects(__ex))
                                .send(__ex)
                        }
                        "PROPFIND" => {
                            ::basehttp::__private::response(self.do_PROPFIND_projects())
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::allow(
                                __ex,
                                &["GET", "HEAD", "POST", "PROPFIND", "OPTIONS"],
                            )
                        }
                        _ => {
                            return ::basehttp::__private::not_allowed(
                                __ex,
                                &["GET", "HEAD", "POST", "PROPFIND", "OPTIONS"],
                                <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                            );
                        }
                    }
                }
                ::basehttp::__private::Some(&["projects", "mine"]) => {
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::response(self.do_GET_my_projects())
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
                ::basehttp::__private::Some(
                    &["projects",
                    __project,
                    ],
                ) if !__project.is_empty() => {
                    if !::basehttp::__private::is_value(__project) {
                        return ::basehttp::__private::not_found(
                            __ex,
                            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                        );
                    }
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_GET_project(__project),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "PUT" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_PUT_project(__project, __ex),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "PATCH" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_PATCH_project(__project, __ex),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        #[cfg(feature = "delete")]
                        "DELETE" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    let ___login = ::basehttp::__private::guard(self, __ex)?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_DELETE_project(__project, ___login),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::allow(
                                __ex,
                                &[
                                    "GET",
                                    "HEAD",
                                    "PUT",
                                    "PATCH",
                                    #[cfg(feature = "delete")]
                                    "DELETE",
                                    "OPTIONS",
                                ],
                            )
                        }
                        _ => {
                            return ::basehttp::__private::not_allowed(
                                __ex,
                                &[
                                    "GET",
                                    "HEAD",
                                    "PUT",
                                    "PATCH",
                                    #[cfg(feature = "delete")]
                                    "DELETE",
                                    "OPTIONS",
                                ],
                                <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                            );
                        }
                    }
                }
                ::basehttp::__private::Some(
                    &["projects",
                    __project,
                    "issues",
                    ],
                ) if !__project.is_empty() => {
                    if !::basehttp::__private::is_value(__project) {
                        return ::basehttp::__private::not_found(
                            __ex,
                            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                        );
                    }
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_GET_issues(__project),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "POST" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_POST_issues(__project, __ex),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_OPTIONS_issues(__project),
                                        ),
                                    )
                                })
                                .send(__ex)
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
                ::basehttp::__private::Some(
                    &["projects",
                    __project,
                    "issues",
                    __issue,
                    ],
                ) if !__project.is_empty() && !__issue.is_empty() => {
                    if !::basehttp::__private::is_value(__project)
                        || !::basehttp::__private::is_value(__issue)
                    {
                        return ::basehttp::__private::not_found(
                            __ex,
                            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                        );
                    }
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    let __issue = ::basehttp::__private::path("issue", __issue)
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_GET_issue(__project, __issue),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "PUT" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    let __issue = ::basehttp::__private::path("issue", __issue)
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_PUT_issue(__project, __issue, __ex),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "PATCH" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    let __issue = ::basehttp::__private::path("issue", __issue)
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_PATCH_issue(__project, __issue, __ex),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        #[cfg(feature = "delete")]
                        "DELETE" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    let __issue = ::basehttp::__private::path("issue", __issue)
                                        .one()?;
                                    let ___login = ::basehttp::__private::guard(self, __ex)?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_DELETE_issue(__project, __issue, ___login),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "LOCK" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    let __issue = ::basehttp::__private::path("issue", __issue)
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_LOCK_issue(__project, __issue),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "UNLOCK" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    let __issue = ::basehttp::__private::path("issue", __issue)
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_UNLOCK_issue(__project, __issue),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::allow(
                                __ex,
                                &[
                                    "GET",
                                    "HEAD",
                                    "PUT",
                                    "PATCH",
                                    #[cfg(feature = "delete")]
                                    "DELETE",
                                    "LOCK",
                                    "UNLOCK",
                                    "OPTIONS",
                                ],
                            )
                        }
                        _ => {
                            return ::basehttp::__private::not_allowed(
                                __ex,
                                &[
                                    "GET",
                                    "HEAD",
                                    "PUT",
                                    "PATCH",
                                    #[cfg(feature = "delete")]
                                    "DELETE",
                                    "LOCK",
                                    "UNLOCK",
                                    "OPTIONS",
                                ],
                                <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                            );
                        }
                    }
                }
                ::basehttp::__private::Some(
                    &["projects",
                    __project,
                    "issues",
                    __issue,
                    "comments",
                    ],
                ) if !__project.is_empty() && !__issue.is_empty() => {
                    if !::basehttp::__private::is_value(__project)
                        || !::basehttp::__private::is_value(__issue)
                    {
                        return ::basehttp::__private::not_found(
                            __ex,
                            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                        );
                    }
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    let __issue = ::basehttp::__private::path("issue", __issue)
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_GET_comments(__project, __issue),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "POST" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    let __issue = ::basehttp::__private::path("issue", __issue)
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_POST_comments(__project, __issue, __ex),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        #[cfg(feature = "delete")]
                        "DELETE" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    let __issue = ::basehttp::__private::path("issue", __issue)
                                        .one()?;
                                    let ___login = ::basehttp::__private::guard(self, __ex)?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_DELETE_comments(__project, __issue, ___login),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::allow(
                                __ex,
                                &[
                                    "GET",
                                    "HEAD",
                                    "POST",
                                    #[cfg(feature = "delete")]
                                    "DELETE",
                                    "OPTIONS",
                                ],
                            )
                        }
                        _ => {
                            return ::basehttp::__private::not_allowed(
                                __ex,
                                &[
                                    "GET",
                                    "HEAD",
                                    "POST",
                                    #[cfg(feature = "delete")]
                                    "DELETE",
                                    "OPTIONS",
                                ],
                                <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                            );
                        }
                    }
                }
                ::basehttp::__private::Some(
                    &["projects",
                    __project,
                    "files",
                    _,
                    ..,
                    ],
                ) if !__project.is_empty() => {
                    if !::basehttp::__private::is_value(__project) {
                        return ::basehttp::__private::not_found(
                            __ex,
                            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                        );
                    }
                    let ::basehttp::__private::Some(__file) = ::basehttp::__private::rest(
                        __ex,
                        3,
                    ) else {
                        return ::basehttp::__private::not_found(
                            __ex,
                            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                        );
                    };
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_GET_file(__project, &__file),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "PUT" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_PUT_file(__project, &__file, __ex),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        #[cfg(feature = "delete")]
                        "DELETE" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    let ___login = ::basehttp::__private::guard(self, __ex)?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_DELETE_file(__project, &__file, ___login),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "MOVE" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_MOVE_file(__project, &__file),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "COPY" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_COPY_file(__project, &__file),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "PROPFIND" => {
                            ::basehttp::__private::outcome(|| {
                                    let __project = ::basehttp::__private::path(
                                            "project",
                                            __project,
                                        )
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_PROPFIND_file(__project, &__file),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::allow(
                                __ex,
                                &[
                                    "GET",
                                    "HEAD",
                                    "PUT",
                                    #[cfg(feature = "delete")]
                                    "DELETE",
                                    "MOVE",
                                    "COPY",
                                    "PROPFIND",
                                    "OPTIONS",
                                ],
                            )
                        }
                        _ => {
                            return ::basehttp::__private::not_allowed(
                                __ex,
                                &[
                                    "GET",
                                    "HEAD",
                                    "PUT",
                                    #[cfg(feature = "delete")]
                                    "DELETE",
                                    "MOVE",
                                    "COPY",
                                    "PROPFIND",
                                    "OPTIONS",
                                ],
                                <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                            );
                        }
                    }
                }
                #[cfg(
                    any(
                        feature = "calendar",
                        all(feature = "delete", feature = "calendar")
                    )
                )]
                ::basehttp::__private::Some(
                    &["calendar",
                    __day,
                    ],
                ) if !__day.is_empty() => {
                    if !::basehttp::__private::is_value(__day) {
                        return ::basehttp::__private::not_found(
                            __ex,
                            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                        );
                    }
                    match __ex.command {
                        #[cfg(feature = "calendar")]
                        "GET" | "HEAD" => {
                            ::basehttp::__private::outcome(|| {
                                    let __day = ::basehttp::__private::path("day", __day)
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(self.do_GET_day(__day)),
                                    )
                                })
                                .send(__ex)
                        }
                        #[cfg(feature = "calendar")]
                        "PUT" => {
                            ::basehttp::__private::outcome(|| {
                                    let __day = ::basehttp::__private::path("day", __day)
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_PUT_day(__day, __ex),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        #[cfg(feature = "delete")]
                        #[cfg(feature = "calendar")]
                        "DELETE" => {
                            ::basehttp::__private::outcome(|| {
                                    let __day = ::basehttp::__private::path("day", __day)
                                        .one()?;
                                    let ___login = ::basehttp::__private::guard(self, __ex)?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_DELETE_day(__day, ___login),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        #[cfg(feature = "calendar")]
                        "REPORT" => {
                            ::basehttp::__private::outcome(|| {
                                    let __day = ::basehttp::__private::path("day", __day)
                                        .one()?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(self.do_REPORT_day(__day)),
                                    )
                                })
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::allow(
                                __ex,
                                &[
                                    #[cfg(feature = "calendar")]
                                    "GET",
                                    #[cfg(feature = "calendar")]
                                    "HEAD",
                                    #[cfg(feature = "calendar")]
                                    "PUT",
                                    #[cfg(feature = "delete")]
                                    #[cfg(feature = "calendar")]
                                    "DELETE",
                                    #[cfg(feature = "calendar")]
                                    "REPORT",
                                    "OPTIONS",
                                ],
                            )
                        }
                        _ => {
                            return ::basehttp::__private::not_allowed(
                                __ex,
                                &[
                                    #[cfg(feature = "calendar")]
                                    "GET",
                                    #[cfg(feature = "calendar")]
                                    "HEAD",
                                    #[cfg(feature = "calendar")]
                                    "PUT",
                                    #[cfg(feature = "delete")]
                                    #[cfg(feature = "calendar")]
                                    "DELETE",
                                    #[cfg(feature = "calendar")]
                                    "REPORT",
                                    "OPTIONS",
                                ],
                                <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                            );
                        }
                    }
                }
                ::basehttp::__private::Some(&["assets", _, ..]) => {
                    let ::basehttp::__private::Some(__asset) = ::basehttp::__private::rest(
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
                            ::basehttp::__private::response(self.do_GET_asset(&__asset))
                                .send(__ex)
                        }
                        "PURGE" => {
                            ::basehttp::__private::response(
                                    self.do_PURGE_asset(&__asset),
                                )
                                .send(__ex)
                        }
                        "PUT" => {
                            ::basehttp::__private::response(
                                    self.do_PUT_asset(&__asset, __ex),
                                )
                                .send(__ex)
                        }
                        #[cfg(feature = "delete")]
                        "DELETE" => {
                            ::basehttp::__private::outcome(|| {
                                    let ___login = ::basehttp::__private::guard(self, __ex)?;
                                    ::basehttp::__private::Ok(
                                        ::basehttp::__private::response(
                                            self.do_DELETE_asset(&__asset, ___login),
                                        ),
                                    )
                                })
                                .send(__ex)
                        }
                        "TRACE" => {
                            ::basehttp::__private::response(
                                    self.do_TRACE_asset(&__asset),
                                )
                                .send(__ex)
                        }
                        "SEARCH" => {
                            ::basehttp::__private::response(
                                    self.do_SEARCH_asset(&__asset),
                                )
                                .send(__ex)
                        }
                        "OPTIONS" => {
                            ::basehttp::__private::allow(
                                __ex,
                                &[
                                    "GET",
                                    "HEAD",
                                    "PURGE",
                                    "PUT",
                                    #[cfg(feature = "delete")]
                                    "DELETE",
                                    "TRACE",
                                    "SEARCH",
                                    "OPTIONS",
                                ],
                            )
                        }
                        _ => {
                            return ::basehttp::__private::not_allowed(
                                __ex,
                                &[
                                    "GET",
                                    "HEAD",
                                    "PURGE",
                                    "PUT",
                                    #[cfg(feature = "delete")]
                                    "DELETE",
                                    "TRACE",
                                    "SEARCH",
                                    "OPTIONS",
                                ],
                                <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                            );
                        }
                    }
                }
                ::basehttp::__private::Some(&[__lang, "help"]) if !__lang.is_empty() => {
                    if !::basehttp::__private::is_value(__lang) {
                        return ::basehttp::__private::not_found(
                            __ex,
                            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                        );
                    }
                    match __ex.command {
                        "GET" | "HEAD" => {
                            ::basehttp::__private::response(self.do_GET_help(__lang))
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
                    return ::basehttp::__private::not_found(
                        __ex,
                        <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                    );
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
                &mut [""; 6],
            )? {
                &[] => {
                    match __command {
                        "GET" | "HEAD" => 0,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &["health"] => {
                    match __command {
                        "GET" => 1,
                        "HEAD" => 2,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &["projects"] => {
                    match __command {
                        "GET" | "HEAD" => 3,
                        "POST" => 4,
                        "PROPFIND" => 5,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &["projects", "mine"] => {
                    match __command {
                        "GET" | "HEAD" => 10,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &["projects", __project] if !__project.is_empty() => {
                    match __command {
                        "GET" | "HEAD" => 6,
                        "PUT" => 7,
                        "PATCH" => 8,
                        #[cfg(feature = "delete")]
                        "DELETE" => 9,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &["projects", __project, "issues"] if !__project.is_empty() => {
                    match __command {
                        "GET" | "HEAD" => 11,
                        "POST" => 12,
                        "OPTIONS" => 13,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &["projects", __project, "issues", __issue,
                ] if !__project.is_empty() && !__issue.is_empty() => {
                    match __command {
                        "GET" | "HEAD" => 14,
                        "PUT" => 15,
                        "PATCH" => 16,
                        #[cfg(feature = "delete")]
                        "DELETE" => 17,
                        "LOCK" => 18,
                        "UNLOCK" => 19,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &["projects", __project, "issues", __issue, "comments",
                ] if !__project.is_empty() && !__issue.is_empty() => {
                    match __command {
                        "GET" | "HEAD" => 20,
                        "POST" => 21,
                        #[cfg(feature = "delete")]
                        "DELETE" => 22,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &["projects", __project, "files", _, ..] if !__project.is_empty() => {
                    match __command {
                        "GET" | "HEAD" => 23,
                        "PUT" => 24,
                        #[cfg(feature = "delete")]
                        "DELETE" => 25,
                        "MOVE" => 26,
                        "COPY" => 27,
                        "PROPFIND" => 28,
                        _ => return ::basehttp::__private::None,
                    }
                }
                #[cfg(
                    any(
                        feature = "calendar",
                        all(feature = "delete", feature = "calendar")
                    )
                )]
                &["calendar", __day] if !__day.is_empty() => {
                    match __command {
                        #[cfg(feature = "calendar")]
                        "GET" | "HEAD" => 30,
                        #[cfg(feature = "calendar")]
                        "PUT" => 31,
                        #[cfg(feature = "delete")]
                        #[cfg(feature = "calendar")]
                        "DELETE" => 32,
                        #[cfg(feature = "calendar")]
                        "REPORT" => 33,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &["assets", _, ..] => {
                    match __command {
                        "GET" | "HEAD" => 34,
                        "PURGE" => 35,
                        "PUT" => 36,
                        #[cfg(feature = "delete")]
                        "DELETE" => 37,
                        "TRACE" => 38,
                        "SEARCH" => 39,
                        _ => return ::basehttp::__private::None,
                    }
                }
                &[__lang, "help"] if !__lang.is_empty() => {
                    match __command {
                        "GET" | "HEAD" => 29,
                        _ => return ::basehttp::__private::None,
                    }
                }
                _ => return ::basehttp::__private::None,
            },
        )
    }
    fn pace(_: &::basehttp::__private::str) -> ::basehttp::__private::Pace {
        ::basehttp::__private::Pace::Inline
    }
    fn route_pace(__route: ::basehttp::__private::u16) -> ::basehttp::__private::Pace {
        match __route {
            5 | 28 | 33 => ::basehttp::__private::Pace::Pool,
            _ => ::basehttp::__private::Pace::Inline,
        }
    }
    const OVERRIDES: ::basehttp::__private::Overrides = ::basehttp::__private::Overrides::NONE;
}
#[automatically_derived]
impl<S: Store> ::basehttp::__private::AllMethodsOfATypeGoIntoOneBlockWithHttpHandler
for Site<S> {}
/// The requests that the handler serves:
///
/// | method | path | served by | |
/// |---|---|---|---|
/// | GET | `/` | `do_GET_home` |  |
/// | GET | `/health` | `do_GET_health` |  |
/// | HEAD | `/health` | `do_HEAD_health` |  |
/// | GET | `/projects` | `do_GET_projects` |  |
/// | POST | `/projects` | `do_POST_projects` |  |
/// | PROPFIND | `/projects` | `do_PROPFIND_projects` |  |
/// | GET | `/projects/{project}` | `do_GET_project` |  |
/// | PUT | `/projects/{project}` | `do_PUT_project` |  |
/// | PATCH | `/projects/{project}` | `do_PATCH_project` |  |
#[cfg_attr(
    feature = "delete",
    doc = " | DELETE | `/projects/{project}` | `do_DELETE_project` |  |"
)]
/// | GET | `/projects/mine` | `do_GET_my_projects` |  |
/// | GET | `/projects/{project}/issues` | `do_GET_issues` |  |
/// | POST | `/projects/{project}/issues` | `do_POST_issues` |  |
/// | OPTIONS | `/projects/{project}/issues` | `do_OPTIONS_issues` |  |
/// | GET | `/projects/{project}/issues/{issue}` | `do_GET_issue` |  |
/// | PUT | `/projects/{project}/issues/{issue}` | `do_PUT_issue` |  |
/// | PATCH | `/projects/{project}/issues/{issue}` | `do_PATCH_issue` |  |
#[cfg_attr(
    feature = "delete",
    doc = " | DELETE | `/projects/{project}/issues/{issue}` | `do_DELETE_issue` |  |"
)]
/// | LOCK | `/projects/{project}/issues/{issue}` | `do_LOCK_issue` |  |
/// | UNLOCK | `/projects/{project}/issues/{issue}` | `do_UNLOCK_issue` |  |
/// | GET | `/projects/{project}/issues/{issue}/comments` | `do_GET_comments` |  |
/// | POST | `/projects/{project}/issues/{issue}/comments` | `do_POST_comments` |  |
#[cfg_attr(
    feature = "delete",
    doc = " | DELETE | `/projects/{project}/issues/{issue}/comments` | `do_DELETE_comments` |  |"
)]
/// | GET | `/projects/{project}/files/{*file}` | `do_GET_file` |  |
/// | PUT | `/projects/{project}/files/{*file}` | `do_PUT_file` |  |
#[cfg_attr(
    feature = "delete",
    doc = " | DELETE | `/projects/{project}/files/{*file}` | `do_DELETE_file` |  |"
)]
/// | MOVE | `/projects/{project}/files/{*file}` | `do_MOVE_file` |  |
/// | COPY | `/projects/{project}/files/{*file}` | `do_COPY_file` |  |
/// | PROPFIND | `/projects/{project}/files/{*file}` | `do_PROPFIND_file` |  |
/// | GET | `/{lang}/help` | `do_GET_help` |  |
#[cfg_attr(feature = "calendar", doc = " | GET | `/calendar/{day}` | `do_GET_day` |  |")]
#[cfg_attr(feature = "calendar", doc = " | PUT | `/calendar/{day}` | `do_PUT_day` |  |")]
#[cfg_attr(
    all(feature = "delete", feature = "calendar"),
    doc = " | DELETE | `/calendar/{day}` | `do_DELETE_day` |  |"
)]
#[cfg_attr(
    feature = "calendar",
    doc = " | REPORT | `/calendar/{day}` | `do_REPORT_day` |  |"
)]
/// | GET | `/assets/{*asset}` | `do_GET_asset` |  |
/// | PURGE | `/assets/{*asset}` | `do_PURGE_asset` |  |
/// | PUT | `/assets/{*asset}` | `do_PUT_asset` |  |
#[cfg_attr(
    feature = "delete",
    doc = " | DELETE | `/assets/{*asset}` | `do_DELETE_asset` |  |"
)]
/// | TRACE | `/assets/{*asset}` | `do_TRACE_asset` |  |
/// | SEARCH | `/assets/{*asset}` | `do_SEARCH_asset` |  |
impl<S: Store> Site<S> {
    /// The paths and methods that this handler serves, in the order of its block.
    pub const ROUTES: &'static [::basehttp::__private::Route] = &[
        ::basehttp::__private::Route::new("GET", "/", "do_GET_home", ""),
        ::basehttp::__private::Route::new("GET", "/health", "do_GET_health", ""),
        ::basehttp::__private::Route::new("HEAD", "/health", "do_HEAD_health", ""),
        ::basehttp::__private::Route::new("GET", "/projects", "do_GET_projects", ""),
        ::basehttp::__private::Route::new("POST", "/projects", "do_POST_projects", ""),
        ::basehttp::__private::Route::new(
            "PROPFIND",
            "/projects",
            "do_PROPFIND_projects",
            "",
        ),
        ::basehttp::__private::Route::new(
            "GET",
            "/projects/{project}",
            "do_GET_project",
            "",
        ),
        ::basehttp::__private::Route::new(
            "PUT",
            "/projects/{project}",
            "do_PUT_project",
            "",
        ),
        ::basehttp::__private::Route::new(
            "PATCH",
            "/projects/{project}",
            "do_PATCH_project",
            "",
        ),
        #[cfg(feature = "delete")]
        ::basehttp::__private::Route::new(
            "DELETE",
            "/projects/{project}",
            "do_DELETE_project",
            "",
        ),
        ::basehttp::__private::Route::new(
            "GET",
            "/projects/mine",
            "do_GET_my_projects",
            "",
        ),
        ::basehttp::__private::Route::new(
            "GET",
            "/projects/{project}/issues",
            "do_GET_issues",
            "",
        ),
        ::basehttp::__private::Route::new(
            "POST",
            "/projects/{project}/issues",
            "do_POST_issues",
            "",
        ),
        ::basehttp::__private::Route::new(
            "OPTIONS",
            "/projects/{project}/issues",
            "do_OPTIONS_issues",
            "",
        ),
        ::basehttp::__private::Route::new(
            "GET",
            "/projects/{project}/issues/{issue}",
            "do_GET_issue",
            "",
        ),
        ::basehttp::__private::Route::new(
            "PUT",
            "/projects/{project}/issues/{issue}",
            "do_PUT_issue",
            "",
        ),
        ::basehttp::__private::Route::new(
            "PATCH",
            "/projects/{project}/issues/{issue}",
            "do_PATCH_issue",
            "",
        ),
        #[cfg(feature = "delete")]
        ::basehttp::__private::Route::new(
            "DELETE",
            "/projects/{project}/issues/{issue}",
            "do_DELETE_issue",
            "",
        ),
        ::basehttp::__private::Route::new(
            "LOCK",
            "/projects/{project}/issues/{issue}",
            "do_LOCK_issue",
            "",
        ),
        ::basehttp::__private::Route::new(
            "UNLOCK",
            "/projects/{project}/issues/{issue}",
            "do_UNLOCK_issue",
            "",
        ),
        ::basehttp::__private::Route::new(
            "GET",
            "/projects/{project}/issues/{issue}/comments",
            "do_GET_comments",
            "",
        ),
        ::basehttp::__private::Route::new(
            "POST",
            "/projects/{project}/issues/{issue}/comments",
            "do_POST_comments",
            "",
        ),
        #[cfg(feature = "delete")]
        ::basehttp::__private::Route::new(
            "DELETE",
            "/projects/{project}/issues/{issue}/comments",
            "do_DELETE_comments",
            "",
        ),
        ::basehttp::__private::Route::new(
            "GET",
            "/projects/{project}/files/{*file}",
            "do_GET_file",
            "",
        ),
        ::basehttp::__private::Route::new(
            "PUT",
            "/projects/{project}/files/{*file}",
            "do_PUT_file",
            "",
        ),
        #[cfg(feature = "delete")]
        ::basehttp::__private::Route::new(
            "DELETE",
            "/projects/{project}/files/{*file}",
            "do_DELETE_file",
            "",
        ),
        ::basehttp::__private::Route::new(
            "MOVE",
            "/projects/{project}/files/{*file}",
            "do_MOVE_file",
            "",
        ),
        ::basehttp::__private::Route::new(
            "COPY",
            "/projects/{project}/files/{*file}",
            "do_COPY_file",
            "",
        ),
        ::basehttp::__private::Route::new(
            "PROPFIND",
            "/projects/{project}/files/{*file}",
            "do_PROPFIND_file",
            "",
        ),
        ::basehttp::__private::Route::new("GET", "/{lang}/help", "do_GET_help", ""),
        #[cfg(feature = "calendar")]
        ::basehttp::__private::Route::new("GET", "/calendar/{day}", "do_GET_day", ""),
        #[cfg(feature = "calendar")]
        ::basehttp::__private::Route::new("PUT", "/calendar/{day}", "do_PUT_day", ""),
        #[cfg(feature = "delete")]
        #[cfg(feature = "calendar")]
        ::basehttp::__private::Route::new(
            "DELETE",
            "/calendar/{day}",
            "do_DELETE_day",
            "",
        ),
        #[cfg(feature = "calendar")]
        ::basehttp::__private::Route::new(
            "REPORT",
            "/calendar/{day}",
            "do_REPORT_day",
            "",
        ),
        ::basehttp::__private::Route::new("GET", "/assets/{*asset}", "do_GET_asset", ""),
        ::basehttp::__private::Route::new(
            "PURGE",
            "/assets/{*asset}",
            "do_PURGE_asset",
            "",
        ),
        ::basehttp::__private::Route::new("PUT", "/assets/{*asset}", "do_PUT_asset", ""),
        #[cfg(feature = "delete")]
        ::basehttp::__private::Route::new(
            "DELETE",
            "/assets/{*asset}",
            "do_DELETE_asset",
            "",
        ),
        ::basehttp::__private::Route::new(
            "TRACE",
            "/assets/{*asset}",
            "do_TRACE_asset",
            "",
        ),
        ::basehttp::__private::Route::new(
            "SEARCH",
            "/assets/{*asset}",
            "do_SEARCH_asset",
            "",
        ),
    ];
    /// The link to `/`, which `do_GET_home` serves.
    #[must_use]
    pub fn path_home() -> ::basehttp::__private::String {
        ::basehttp::__private::link(&[])
    }
    /// The link to `/health`, which `do_GET_health` or `do_HEAD_health` serves.
    #[must_use]
    pub fn path_health() -> ::basehttp::__private::String {
        ::basehttp::__private::link(&[::basehttp::__private::Piece::Word("health")])
    }
    /// The link to `/projects`, which `do_GET_projects` or `do_POST_projects` or `do_PROPFIND_projects` serves.
    #[must_use]
    pub fn path_projects() -> ::basehttp::__private::String {
        ::basehttp::__private::link(&[::basehttp::__private::Piece::Word("projects")])
    }
    /// The link to `/projects/{project}`, which `do_GET_project` or `do_PUT_project` or `do_PATCH_project` or `do_DELETE_project` serves.
    #[must_use]
    pub fn path_project(
        project: impl ::basehttp::__private::fmt::Display,
    ) -> ::basehttp::__private::String {
        ::basehttp::__private::link(
            &[
                ::basehttp::__private::Piece::Word("projects"),
                ::basehttp::__private::Piece::Value(&project),
            ],
        )
    }
    /// The link to `/projects/mine`, which `do_GET_my_projects` serves.
    #[must_use]
    pub fn path_my_projects() -> ::basehttp::__private::String {
        ::basehttp::__private::link(
            &[
                ::basehttp::__private::Piece::Word("projects"),
                ::basehttp::__private::Piece::Word("mine"),
            ],
        )
    }
    /// The link to `/projects/{project}/issues`, which `do_GET_issues` or `do_POST_issues` or `do_OPTIONS_issues` serves.
    #[must_use]
    pub fn path_issues(
        project: impl ::basehttp::__private::fmt::Display,
    ) -> ::basehttp::__private::String {
        ::basehttp::__private::link(
            &[
                ::basehttp::__private::Piece::Word("projects"),
                ::basehttp::__private::Piece::Value(&project),
                ::basehttp::__private::Piece::Word("issues"),
            ],
        )
    }
    /// The link to `/projects/{project}/issues/{issue}`, which `do_GET_issue` or `do_PUT_issue` or `do_PATCH_issue` or `do_DELETE_issue` or `do_LOCK_issue` or `do_UNLOCK_issue` serves.
    #[must_use]
    pub fn path_issue(
        project: impl ::basehttp::__private::fmt::Display,
        issue: impl ::basehttp::__private::fmt::Display,
    ) -> ::basehttp::__private::String {
        ::basehttp::__private::link(
            &[
                ::basehttp::__private::Piece::Word("projects"),
                ::basehttp::__private::Piece::Value(&project),
                ::basehttp::__private::Piece::Word("issues"),
                ::basehttp::__private::Piece::Value(&issue),
            ],
        )
    }
    /// The link to `/projects/{project}/issues/{issue}/comments`, which `do_GET_comments` or `do_POST_comments` or `do_DELETE_comments` serves.
    #[must_use]
    pub fn path_comments(
        project: impl ::basehttp::__private::fmt::Display,
        issue: impl ::basehttp::__private::fmt::Display,
    ) -> ::basehttp::__private::String {
        ::basehttp::__private::link(
            &[
                ::basehttp::__private::Piece::Word("projects"),
                ::basehttp::__private::Piece::Value(&project),
                ::basehttp::__private::Piece::Word("issues"),
                ::basehttp::__private::Piece::Value(&issue),
                ::basehttp::__private::Piece::Word("comments"),
            ],
        )
    }
    /// The link to `/projects/{project}/files/{*file}`, which `do_GET_file` or `do_PUT_file` or `do_DELETE_file` or `do_MOVE_file` or `do_COPY_file` or `do_PROPFIND_file` serves.
    #[must_use]
    pub fn path_file(
        project: impl ::basehttp::__private::fmt::Display,
        file: &[&::basehttp::__private::str],
    ) -> ::basehttp::__private::String {
        ::basehttp::__private::link(
            &[
                ::basehttp::__private::Piece::Word("projects"),
                ::basehttp::__private::Piece::Value(&project),
                ::basehttp::__private::Piece::Word("files"),
                ::basehttp::__private::Piece::Rest(file),
            ],
        )
    }
    /// The link to `/{lang}/help`, which `do_GET_help` serves.
    #[must_use]
    pub fn path_help(
        lang: impl ::basehttp::__private::fmt::Display,
    ) -> ::basehttp::__private::String {
        ::basehttp::__private::link(
            &[
                ::basehttp::__private::Piece::Value(&lang),
                ::basehttp::__private::Piece::Word("help"),
            ],
        )
    }
    #[cfg(any(feature = "calendar", all(feature = "delete", feature = "calendar")))]
    /// The link to `/calendar/{day}`, which `do_GET_day` or `do_PUT_day` or `do_DELETE_day` or `do_REPORT_day` serves.
    #[must_use]
    pub fn path_day(
        day: impl ::basehttp::__private::fmt::Display,
    ) -> ::basehttp::__private::String {
        ::basehttp::__private::link(
            &[
                ::basehttp::__private::Piece::Word("calendar"),
                ::basehttp::__private::Piece::Value(&day),
            ],
        )
    }
    /// The link to `/assets/{*asset}`, which `do_GET_asset` or `do_PURGE_asset` or `do_PUT_asset` or `do_DELETE_asset` or `do_TRACE_asset` or `do_SEARCH_asset` serves.
    #[must_use]
    pub fn path_asset(
        asset: &[&::basehttp::__private::str],
    ) -> ::basehttp::__private::String {
        ::basehttp::__private::link(
            &[
                ::basehttp::__private::Piece::Word("assets"),
                ::basehttp::__private::Piece::Rest(asset),
            ],
        )
    }
}
