#[http_handler(pace = "inline")]
impl<S: Store> Site<S> {
    #[path("/")]
    fn do_GET_home(&self) -> Result<String> {
        self.store.get_home()
    }

    #[path("/health")]
    fn do_GET_health(&self) -> Result<String> {
        self.store.get_health()
    }

    #[path("/health")]
    fn do_HEAD_health(&self) -> Result<String> {
        self.store.head_health()
    }

    #[path("/projects")]
    fn do_GET_projects(&self) -> Result<String> {
        self.store.get_projects()
    }

    #[path("/projects")]
    fn do_POST_projects(&self, ex: &mut Exchange) -> Result<String> {
        self.store.post_projects()
    }

    #[pace("pool")]
    #[path("/projects")]
    fn do_PROPFIND_projects(&self) -> Result<String> {
        self.store.propfind_projects()
    }

    #[path("/projects/{project}")]
    fn do_GET_project(&self, project: u32) -> Result<String> {
        self.store.get_project()
    }

    #[path("/projects/{project}")]
    fn do_PUT_project(&self, project: u32, ex: &mut Exchange) -> Result<String> {
        self.store.put_project()
    }

    #[path("/projects/{project}")]
    fn do_PATCH_project(&self, project: u32, ex: &mut Exchange) -> Result<String> {
        self.store.patch_project()
    }

    #[cfg(feature = "delete")]
    #[path("/projects/{project}")]
    fn do_DELETE_project(&self, project: u32, #[guard] _login: Login) -> Result<String> {
        self.store.delete_project()
    }

    #[path("/projects/mine")]
    fn do_GET_my_projects(&self) -> Result<String> {
        self.store.get_my_projects()
    }

    #[path("/projects/{project}/issues")]
    fn do_GET_issues(&self, project: u32) -> Result<String> {
        self.store.get_issues()
    }

    #[path("/projects/{project}/issues")]
    fn do_POST_issues(&self, project: u32, ex: &mut Exchange) -> Result<String> {
        self.store.post_issues()
    }

    #[path("/projects/{project}/issues")]
    fn do_OPTIONS_issues(&self, project: u32) -> Result<String> {
        self.store.options_issues()
    }

    #[path("/projects/{project}/issues/{issue}")]
    fn do_GET_issue(&self, project: u32, issue: u64) -> Result<String> {
        self.store.get_issue()
    }

    #[path("/projects/{project}/issues/{issue}")]
    fn do_PUT_issue(&self, project: u32, issue: u64, ex: &mut Exchange) -> Result<String> {
        self.store.put_issue()
    }

    #[path("/projects/{project}/issues/{issue}")]
    fn do_PATCH_issue(&self, project: u32, issue: u64, ex: &mut Exchange) -> Result<String> {
        self.store.patch_issue()
    }

    #[cfg(feature = "delete")]
    #[path("/projects/{project}/issues/{issue}")]
    fn do_DELETE_issue(&self, project: u32, issue: u64, #[guard] _login: Login) -> Result<String> {
        self.store.delete_issue()
    }

    #[path("/projects/{project}/issues/{issue}")]
    fn do_LOCK_issue(&self, project: u32, issue: u64) -> Result<String> {
        self.store.lock_issue()
    }

    #[path("/projects/{project}/issues/{issue}")]
    fn do_UNLOCK_issue(&self, project: u32, issue: u64) -> Result<String> {
        self.store.unlock_issue()
    }

    #[path("/projects/{project}/issues/{issue}/comments")]
    fn do_GET_comments(&self, project: u32, issue: u64) -> Result<String> {
        self.store.get_comments()
    }

    #[path("/projects/{project}/issues/{issue}/comments")]
    fn do_POST_comments(&self, project: u32, issue: u64, ex: &mut Exchange) -> Result<String> {
        self.store.post_comments()
    }

    #[cfg(feature = "delete")]
    #[path("/projects/{project}/issues/{issue}/comments")]
    fn do_DELETE_comments(&self, project: u32, issue: u64, #[guard] _login: Login) -> Result<String> {
        self.store.delete_comments()
    }

    #[path("/projects/{project}/files/{*file}")]
    fn do_GET_file(&self, project: u32, file: &[&str]) -> Result<String> {
        self.store.get_file()
    }

    #[path("/projects/{project}/files/{*file}")]
    fn do_PUT_file(&self, project: u32, file: &[&str], ex: &mut Exchange) -> Result<String> {
        self.store.put_file()
    }

    #[cfg(feature = "delete")]
    #[path("/projects/{project}/files/{*file}")]
    fn do_DELETE_file(&self, project: u32, file: &[&str], #[guard] _login: Login) -> Result<String> {
        self.store.delete_file()
    }

    #[path("/projects/{project}/files/{*file}")]
    fn do_MOVE_file(&self, project: u32, file: &[&str]) -> Result<String> {
        self.store.move_file()
    }

    #[path("/projects/{project}/files/{*file}")]
    fn do_COPY_file(&self, project: u32, file: &[&str]) -> Result<String> {
        self.store.copy_file()
    }

    #[pace("pool")]
    #[path("/projects/{project}/files/{*file}")]
    fn do_PROPFIND_file(&self, project: u32, file: &[&str]) -> Result<String> {
        self.store.propfind_file()
    }

    #[path("/{lang}/help")]
    fn do_GET_help(&self, lang: &str) -> Result<String> {
        self.store.get_help()
    }

    #[cfg(feature = "calendar")]
    #[path("/calendar/{day}")]
    fn do_GET_day(&self, day: Date) -> Result<String> {
        self.store.get_day()
    }

    #[cfg(feature = "calendar")]
    #[path("/calendar/{day}")]
    fn do_PUT_day(&self, day: Date, ex: &mut Exchange) -> Result<String> {
        self.store.put_day()
    }

    #[cfg(feature = "delete")]
    #[cfg(feature = "calendar")]
    #[path("/calendar/{day}")]
    fn do_DELETE_day(&self, day: Date, #[guard] _login: Login) -> Result<String> {
        self.store.delete_day()
    }

    #[pace("pool")]
    #[cfg(feature = "calendar")]
    #[path("/calendar/{day}")]
    fn do_REPORT_day(&self, day: Date) -> Result<String> {
        self.store.report_day()
    }

    #[path("/assets/{*asset}")]
    fn do_GET_asset(&self, asset: &[&str]) -> Result<String> {
        self.store.get_asset()
    }

    #[path("/assets/{*asset}")]
    fn do_PURGE_asset(&self, asset: &[&str]) -> Result<String> {
        self.store.purge_asset()
    }

    #[path("/assets/{*asset}")]
    fn do_PUT_asset(&self, asset: &[&str], ex: &mut Exchange) -> Result<String> {
        self.store.put_asset()
    }

    #[cfg(feature = "delete")]
    #[path("/assets/{*asset}")]
    fn do_DELETE_asset(&self, asset: &[&str], #[guard] _login: Login) -> Result<String> {
        self.store.delete_asset()
    }

    #[path("/assets/{*asset}")]
    fn do_TRACE_asset(&self, asset: &[&str]) -> Result<String> {
        self.store.trace_asset()
    }

    #[path("/assets/{*asset}")]
    fn do_SEARCH_asset(&self, asset: &[&str]) -> Result<String> {
        self.store.search_asset()
    }
}
