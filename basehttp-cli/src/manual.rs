//! The man page, made of the flags as clap knows them, and of sections that are about no flag.

use std::io;

use clap::Command;
use clap_mangen::Man;

/// Returns the page, for `man -l -`.
pub(crate) fn page(command: Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command).manual("User Commands");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    render_options(&man, &mut page)?;
    page.extend(BEYOND_FLAGS.as_bytes());
    Ok(page)
}

/// Renders the groups of flags as parts of one section. `clap_mangen` makes a section of each, which are too many.
fn render_options(man: &Man, page: &mut Vec<u8>) -> io::Result<()> {
    let mut groups = Vec::new();
    man.render_options_section(&mut groups)?;
    let groups = String::from_utf8(groups).map_err(io::Error::other)?;
    // Flags without a group stand under this heading.
    let section = groups.replace(".SH ", ".SS ").replacen(".SS OPTIONS", ".SH OPTIONS", 1);
    page.extend(section.as_bytes());
    Ok(())
}

const BEYOND_FLAGS: &str = r".SH OUTPUT
The first line on standard output is
.PP
.EX
    Serving HTTP on 127.0.0.1 port 8000 (http://127.0.0.1:8000/) ...
.EE
.PP
with the real port if 0 was given, and one such line for each further address. With a certificate it says HTTPS and https.
It is written once clients can connect. Lines about a certificate made for this run and about \-\-http\-redirect follow.
Requests and errors are logged to standard error, one line each, in the format of Python's http.server and in local time.
.SH SIGNALS
.TP
\fBSIGINT\fR (Ctrl-C), \fBSIGTERM\fR
The first one ends the program in order. With \-\-shutdown\-delay it serves on for that time, and \-\-health answers 503.
Then new clients are refused, requests in flight have up to 5 seconds (\-\-grace) to finish, and the exit status is 0. What
was cut off is said on standard error. The second signal ends the program at once.
.TP
\fBSIGHUP\fR
With \-\-tls\-cert, the certificate and its key are read again. If they are wrong, the old ones stay. One line on standard
error says what has happened. Without \-\-tls\-cert, a program that was started in a terminal ends, and any other says that
there is nothing to read again, so that the reload of a service never ends it. A terminal that goes away ends the program in
either case, except below \fBnohup\fR(1).
.SH SERVICES
A service manager may open the sockets and hand them over (\fBLISTEN_FDS\fR). They are served instead of the default
address, beside those of \-\-bind, to which alone a port then applies. If they are of this computer alone, it answers for
the names of \-\-host and of this computer only, as with \-\-bind 127.0.0.1. Clients wait while the program restarts, and none is refused. With
\fBNOTIFY_SOCKET\fR it tells the manager that it is ready, ending, and alive (\fBWATCHDOG_USEC\fR), as systemd has it
with Type=notify. Type=notify\-reload is for \-\-tls\-cert, since it tells the manager when SIGHUP has been obeyed.
.SH LIMITS
Each connection takes one file descriptor, and a download two. When the program starts, it raises its soft limit of
descriptors (\fBulimit \-n\fR) up to 65536, as far as the hard limit allows. On Linux, programs below cgi\-bin run with
the limit that basehttp was started with.
.SH EXIT STATUS
.TP
\fB0\fR
Ended in order by a signal, or printed the text that a flag asks for.
.TP
\fB1\fR
Could not serve: the directory does not exist, the port is in use, the address is not one of this computer, or the
certificate cannot be used. One line on standard error says why.
.TP
\fB2\fR
A flag was wrong. Standard error says what to write instead.
.TP
\fB130\fR, \fB143\fR
Ended at once by a second signal, SIGINT or SIGTERM.
.SH ENVIRONMENT
.TP
\fBTZ\fR
The time zone of the log. By default it is the system's.
.TP
\fBLISTEN_FDS\fR, \fBLISTEN_PID\fR, \fBNOTIFY_SOCKET\fR, \fBWATCHDOG_USEC\fR, \fBWATCHDOG_PID\fR
Set by service managers; see SERVICES.
.TP
\fBNO_COLOR\fR
If set, help and messages have no colours. In files and pipes they never have any.
.SH EXAMPLES
Serve the current directory to this computer, and then another one to the whole network on another port:
.PP
.EX
    basehttp
    basehttp 9000 \-\-directory public \-\-bind 0.0.0.0
.EE
.PP
Try out a program that runs in the browser, and see each change at once:
.PP
.EX
    basehttp \-\-spa \-\-cache\-control no\-cache \-d dist
.EE
.PP
Let others clone and push to the repositories of a directory, with git's own program below cgi-bin:
.PP
.EX
    ln -s $(git \-\-exec\-path)/git\-http\-backend public/cgi\-bin/git
    basehttp \-d public \-\-follow\-links \-\-cgi \-\-cgi\-env GIT_PROJECT_ROOT=/srv/git \-\-cgi\-env GIT_HTTP_EXPORT_ALL=1
.EE
.PP
Serve the current directory through a tunnel, which passes on the name that it has:
.PP
.EX
    basehttp \-\-host '*.tunnel.example'
.EE
.PP
Serve the network over HTTPS, with a certificate that certbot renews, and send clients of plain HTTP there:
.PP
.EX
    cd /etc/letsencrypt/live/example.org
    basehttp 443 \-\-bind :: \-d /srv/www \-\-tls\-cert fullchain.pem \-\-tls\-key privkey.pem \-\-http\-redirect 80
    certbot renew \-\-deploy\-hook \(aqpkill \-HUP \-x basehttp\(aq
.EE
.SH SEE ALSO
\fBcurl\fR(1), \fBpython3\fR(1)
";
