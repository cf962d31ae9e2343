/* SPDX-License-Identifier: MIT */
/*
 * The option table of /etc/whynow/whynow.yaml. One row an option, in the order of the sample file; a group's
 * rows stand together. Everything else about options is derived from here (options.c, options_text.c).
 *
 * `def` is YAML and is read by the same reader as the file. Ranges of durations are in seconds.
 */
#include <whynow/limits.h>

#include "parts.h"

#define MINUTE 60.0
#define HOUR 3600.0
#define DAY 86400.0

/* Offset of a member; a row whose C type does not fit its option type does not compile. */
#define FITS(ctype, member)                                     \
	(0 * sizeof(char[1 - 2 * !__builtin_types_compatible_p( \
					 ctype, __typeof__(((struct wn_options *)0)->member))]))
#define ROW(name_, member_, type_, ctype_, def_, min_, max_, unit_, reload_, help_, more_)                     \
	{                                                                                                      \
		.name = (name_), .type = WN_OPTION_##type_,                                                    \
		.offset = offsetof(struct wn_options, member_) + FITS(ctype_, member_), .def = (def_),         \
		.min = (min_), .max = (max_), .unit = (unit_), .reload = WN_RELOAD_##reload_, .help = (help_), \
		.more = (more_)                                                                                \
	}

#define STRING(n, m, d, r, h, p) ROW(n, m, STRING, struct wn_str, d, 0, 0, NULL, r, h, p)
#define PATH(n, m, d, r, h, p) ROW(n, m, PATH, struct wn_str, d, 0, 0, NULL, r, h, p)
#define CREDENTIAL(n, m, r, h, p) ROW(n, m, CREDENTIAL, struct wn_str, "null", 0, 0, NULL, r, h, p)
#define BOOL(n, m, d, r, h, p) ROW(n, m, BOOL, bool, d, 0, 0, NULL, r, h, p)
#define INT(n, m, d, lo, hi, u, r, h, p) ROW(n, m, INT, int64_t, d, lo, hi, u, r, h, p)
#define SIZE(n, m, d, lo, hi, r, h, p) ROW(n, m, SIZE, int64_t, d, lo, hi, "bytes", r, h, p)
#define DURATION(n, m, d, lo, hi, r, h, p) ROW(n, m, DURATION, int64_t, d, lo, hi, NULL, r, h, p)
#define PERCENT(n, m, d, lo, hi, r, h, p) ROW(n, m, PERCENT, double, d, lo, hi, NULL, r, h, p)
#define DOUBLE(n, m, d, lo, hi, u, r, h, p) ROW(n, m, DOUBLE, double, d, lo, hi, u, r, h, p)
#define STRINGS(n, m, d, r, h, p) ROW(n, m, STRINGS, struct wn_yaml_strings, d, 0, 0, NULL, r, h, p)
#define CAP(n, m, d, r, h, p) ROW(n, m, CAP, struct wn_conf_cap, d, 0, 0, NULL, r, h, p)

static const struct wn_option table[] = {
	STRING("instance", instance, "\"\"", RESTART,
	       "name of this instance in logs and leases; empty: the host name",
	       "Several whynowd on one database share the work. Each needs a name of its own, the same after "
	       "every restart."),
	ROW("time_zone", time_zone, ZONE, struct wn_str, "UTC", 0, 0, NULL, NOW, "zone of last resort",
	    "Send windows are local to the contact: its own zone, else its account's country if that has one "
	    "zone, else this one."),
	ROW("exclude", exclude, CEL, struct wn_yaml_text, "null", 0, 0, NULL, NOW,
	    "CEL over account and contact: true keeps out of every campaign",
	    "For example account.customer || account.do_not_contact || contact.do_not_contact. It is evaluated "
	    "again when a trait that it reads changes; a member for whom it becomes true leaves."),
	STRINGS("wires", wires,
		"[prnewswire.com, businesswire.com, globenewswire.com, accesswire.com, prweb.com, "
		"newswire.com, einpresswire.com, prlog.org, newsfilecorp.com, cision.com]",
		NOW, "publishers that repeat what companies hand them",
		"Two wires are never independent of each other: a second one raises no corroboration. "
		"Registrable domains."),

	STRING("database.conninfo", database.conninfo, "\"\"", RESTART,
	       "libpq connection string; empty: the environment (PGHOST, PGSERVICE ...)",
	       "Several hosts are allowed; target_session_attrs=read-write is added. A password does not "
	       "belong here: see database.password."),
	CREDENTIAL("database.password", database.password_credential, RESTART,
		   "credential that holds the password",
		   "Written as credential:NAME; the unit loads it with LoadCredential=NAME:PATH. Not needed on "
		   "a local socket with peer authentication."),
	BOOL("database.insecure_ok", database.insecure_ok, "false", RESTART,
	     "allow a remote database without sslmode=verify-full",
	     "Refused by default: signals and contacts would travel readable, or to an impostor."),

	PATH("listen.control", listen.control, "/run/whynow/control", RESTART, "control socket",
	     "The command line and local programs speak HTTP here. Under systemd whynowd.socket makes it."),
	STRING("listen.group", listen.group, "whynow", RESTART, "group that may write on the control socket",
	       "Root and this group may write; nobody else may read."),

	STRING("http.listen", http.listen, "\"\"", RESTART, "TCP address for HTTP; empty: none",
	       "HOST:PORT of a loopback address, behind a proxy that speaks TLS: 127.0.0.1:8470 or "
	       "[::1]:8470."),
	STRING("http.public_url", http.public_url, "\"\"", NOW,
	       "address under which the world reaches this server; empty: no links",
	       "Used for one-click unsubscribe links in mail, https://hello.example.com for example."),
	STRINGS("http.hosts", http.hosts, "[]", NOW, "further names accepted in the Host header",
		"The host of http.public_url and localhost are always accepted."),
	BOOL("http.page_open", http.page_open, "false", NOW, "show the page without a password",
	     "Only for a loopback address that nobody else reaches."),
	CREDENTIAL("http.page", http.page_credential, NOW,
		   "credential that holds user:password of the page and of GET",
		   "Without it, and without http.page_open, the page answers on the control socket only."),
	CREDENTIAL("http.token", http.token_credential, NOW, "credential that holds the bearer token for POST",
		   "POST /v1/signals, /v1/outcomes, /v1/reload."),
	ROW("http.secrets", http.secrets, CREDENTIALS, struct wn_yaml_strings, "[]", 0, 0, NULL, NOW,
	    "credentials that hold Standard Webhooks secrets for POST",
	    "Several during a rotation: any of them verifies."),
	INT("http.connections", http.connections, "64", 1, 1000, "connections", RESTART, "connections at once",
	    "Counted when they are accepted; further ones wait."),
	SIZE("http.body_max", http.body_max, "1MiB", 1024, 16 << 20, RESTART, "largest body accepted",
	     "A larger one is answered with 413."),
	DURATION("http.timeout", http.timeout_us, "10s", 1, 5 * MINUTE, RESTART, "limit for a slow client",
		 "From accept to the end of the request, and between two requests."),

	PATH("dirs.feeds", dirs.feeds, "/etc/whynow/feeds.d", NOW, "folder of feeds",
	     "Every *.yaml in it, in the order of names; a file may hold several documents."),
	PATH("dirs.sinks", dirs.sinks, "/etc/whynow/sinks.d", NOW, "folder of sinks", "As dirs.feeds."),
	PATH("dirs.kinds", dirs.kinds, "/etc/whynow/kinds.d", NOW, "folder of kinds of signals",
	     "A file of the same name replaces the vendor's; an empty one masks it."),
	PATH("dirs.traits", dirs.traits, "/etc/whynow/traits.d", NOW, "folder of traits", "As dirs.kinds."),
	PATH("dirs.vendor", dirs.vendor, "/usr/share/whynow", NOW, "folder of the vendor's files",
	     "feeds.d, sinks.d, kinds.d and traits.d below it are read first."),
	PATH("dirs.extract", dirs.extract, "/usr/share/whynow/extract", NOW,
	     "folder of word lists and patterns",
	     "Positions, legal forms, shared domains and the patterns of the news extraction."),
	PATH("dirs.extract_local", dirs.extract_local, "/etc/whynow/extract.d", NOW, "folder of your own words and patterns",
	     "Every *.words, *.patterns, *.technologies and *.currencies in it adds to those of dirs.extract."),
	PATH("dirs.spool", dirs.spool, "/var/lib/whynow", NOW, "folder for files that sinks write",
	     "Relative paths of file sinks start here."),

	DURATION("poll.floor", poll.floor_us, "5m", 1, DAY, POLL, "least time between two polls of a feed",
		 "For feeds that say nothing themselves (every: {floor: ...})."),
	DURATION("poll.ceiling", poll.ceiling_us, "24h", MINUTE, 30 * DAY, POLL,
		 "longest time between two polls of a feed", "However quiet it is."),
	INT("poll.concurrency", poll.concurrency, "32", 1, 500, "requests", NOW, "requests at once",
	    "Over all hosts."),
	INT("poll.per_host", poll.per_host, "1", 1, 500, "requests", NOW, "requests at once to one host",
	    "More than two is rude, but to a server of your own."),
	DURATION("poll.host_gap", poll.host_gap_us, "1s", 0, HOUR, NOW,
		 "least gap between two requests to one host",
		 "Counted from the start of one and from its end to the start of the next."),
	STRING("poll.user_agent", poll.user_agent, "\"\"", POLL,
	       "User-Agent of requests; empty: whynow/VERSION",
	       "Some publishers (SEC EDGAR) want a contact in it: whynow/0.1 (ops@example.com)."),
	DURATION("poll.timeout", poll.timeout_us, "60s", 1, HOUR, POLL, "limit for a whole request",
		 "From connecting to the last byte."),
	DURATION("poll.connect_timeout", poll.connect_timeout_us, "10s", 1, 5 * MINUTE, POLL,
		 "limit for connecting", "Name, TCP and TLS together."),
	INT("poll.low_speed", poll.low_speed, "100", 0, 1e6, "bytes a second", POLL,
	    "slower than this is given up", "After poll.low_speed_time; 0 never gives up before poll.timeout."),
	DURATION("poll.low_speed_time", poll.low_speed_time_us, "30s", 1, HOUR, POLL,
		 "how long a slow answer is endured", "See poll.low_speed."),
	SIZE("poll.body_max", poll.body_max, "16MiB", 1024, WN_FETCH_BODY_MAX, POLL,
	     "largest answer read, decoded",
	     "Counted while it is decoded: an endless or compressed flood stops here."),
	DURATION("poll.backoff_max", poll.backoff_max_us, "24h", MINUTE, 7 * DAY, POLL,
		 "longest wait after failures", "A failing feed is never given up."),
	DURATION("poll.hint_max", poll.hint_max_us, "24h", MINUTE, 30 * DAY, POLL,
		 "longest wait that a server may ask for",
		 "Retry-After, max-age, ttl and the like are cut to it."),
	PERCENT("poll.jitter", poll.jitter, "10%", 0, 0.5, POLL, "random part added to each wait",
		"So that feeds do not fall due together."),
	STRING("poll.proxy", poll.proxy, "\"\"", RESTART, "proxy for feeds and sinks; empty: none",
	       "http://HOST:PORT or socks5h://HOST:PORT. The environment is not looked at. The proxy looks names up and connects, so it "
	       "must refuse names that lead inside (private, loopback, 169.254.0.0/16); addresses that stand in a URL or a redirect are "
	       "refused here. Feeds and sinks with allow_private, and mail, go directly."),
	STRING("poll.ca_file", poll.ca_file, "\"\"", RESTART,
	       "PEM file of certificate authorities; empty: the system's", "For a company's own authority."),
	STRINGS("poll.allow_networks", poll.allow_networks, "[]", RESTART,
		"private networks that feeds and sinks with allow_private may reach; empty: all",
		"As 10.20.0.0/16 or fd00:1::/64. Without allow_private in its own file no feed and no sink "
		"reaches any private, loopback or link-local address."),
	INT("poll.flood_min", poll.flood_min, "20", 1, 1e6, "items", NOW,
	    "flood guard: from this many new items on", "See poll.flood_share."),
	PERCENT("poll.flood_share", poll.flood_share, "80%", 0.1, 1, NOW,
		"flood guard: share of known feed that is new at once",
		"When more than this share of a feed that was read before looks new, and is an hour older than its newest item or "
		"has no date, it is kept as history: it counts in windows and opens nothing. A publisher that renumbers its "
		"archive must not open campaigns."),

	INT("blind.factor", blind.factor, "3", 2, 100, "intervals", NOW,
	    "a feed without a good poll for this many planned intervals is blind",
	    "Blind is not over: campaigns wait for it, within their grace."),
	DURATION("blind.min", blind.min_us, "1h", MINUTE, 30 * DAY, NOW, "but not before this time",
		 "See blind.factor."),

	CAP("caps.contact", caps.contact, "2 per 7d", NOW, "touches a contact may get, over all campaigns",
	    "Counted over touches being sent, sent, and of unknown fate."),
	CAP("caps.account", caps.account, "6 per 7d", NOW,
	    "touches an account may get, over all its contacts and campaigns", "As caps.contact."),
	CAP("caps.email_contact", caps.email_contact, "1 per 3d", NOW, "mails a contact may get",
	    "As caps.contact, the channel email alone."),
	DURATION("caps.rank_window", caps.rank_window_us, "24h", 0, 30 * DAY, NOW,
		 "touches due for one contact this near to each other compete",
		 "Only the first by priority, heat and campaign goes; the others yield."),

	STRING("touches.redirect_to", touches.redirect_to, "\"\"", NOW,
	       "send every message to this address instead; empty: no",
	       "For rehearsals: marked with whom it was for."),
	ROW("touches.window", touches.window, WINDOW, struct wn_conf_window, "09:00-17:00 Mon-Fri", 0, 0, NULL,
	    NOW, "when touches may go out, local to the contact",
	    "HH:MM-HH:MM and days (Mon-Fri, or Mon,Wed,Sat); none: at any time."),
	DURATION("touches.claim_lease", touches.claim_lease_us, "2m", 10, HOUR, NOW,
		 "how long a claimed touch belongs to one attempt",
		 "After it another instance may find out what became of it."),

	DURATION("campaigns.proposed_ttl", campaigns.proposed_ttl_us, "7d", HOUR, 90 * DAY, NOW,
		 "how long a proposed campaign waits for approval",
		 "Then it closes as expired; staleness may close it sooner."),

	INT("delivery.concurrency", delivery.concurrency, "16", 1, 200, "deliveries", NOW, "deliveries at once to each sink",
	    "Every sink has its own, so that one that hangs keeps no other waiting. Events of one campaign go one after the other."),
	DURATION("delivery.lease", delivery.lease_us, "60s", 10, HOUR, NOW,
		 "how long a claimed event belongs to one attempt", "Longer than delivery.timeout."),
	DURATION("delivery.timeout", delivery.timeout_us, "30s", 1, 10 * MINUTE, NOW, "limit for one delivery",
		 "A sink's own timeout wins."),
	DURATION("delivery.dead_after", delivery.dead_after_us, "4d", HOUR, 30 * DAY, NOW,
		 "an event that was not taken for this long becomes a dead letter",
		 "It is listed, and can be replayed."),

	INT("batch.items", batch.items, "500", 20, WN_BATCH_ITEMS, "items", NOW, "items of one transaction",
	    "Larger batches are faster and hold locks longer."),

	DURATION("engine.tick", engine.tick_us, "1s", 0.1, MINUTE, NOW,
		 "heartbeat: clock reading, leases, watchdog", "Each beat reads the database's clock."),

	DURATION("retention.signals", retention.signals_us, "400d", 30 * DAY, 3650 * DAY, NOW,
		 "how long signals and their sightings are kept",
		 "Whole months are dropped, when their last day is older. A rule whose window reaches beyond it is unknown."),
	DURATION("retention.seen", retention.seen_us, "400d", 30 * DAY, 3650 * DAY, NOW,
		 "how long items are remembered as seen", "An item that comes again later is new."),
	DURATION("retention.history", retention.history_us, "800d", 30 * DAY, 3650 * DAY, NOW,
		 "how long the history is kept", "What changed, when and why."),
	DURATION("retention.rejects", retention.rejects_us, "30d", DAY, 3650 * DAY, NOW,
		 "how long rejected items are kept", "With their reasons."),
	DURATION("retention.outbox", retention.outbox_us, "30d", DAY, 3650 * DAY, NOW,
		 "how long delivered events are kept", "Dead letters stay until they are replayed or dropped."),
	DURATION("retention.partitions_ahead", retention.partitions_ahead_us, "7d", 2 * DAY, 90 * DAY, NOW,
		 "how far ahead partitions are made", "A missing partition pauses ingest."),

	ROW("log.level", log.level, LEVEL, int, "info", 0, 0, NULL, NOW, "what is logged",
	    "err, warning, notice, info or debug; each includes those before it."),
	ROW("log.trace", log.trace, TRACE, struct wn_yaml_strings, "[]", 0, 0, NULL, NOW,
	    "components traced in detail",
	    "Of poll, http, read, extract, account, match, engine, store, courier, sweep, clock. Can be "
	    "switched while running."),
};

const struct wn_option *wn_options_table(size_t *n)
{
	*n = WN_COUNT(table);
	return table;
}

const struct wn_option *wn_option_find(const char *name)
{
	for (size_t i = 0; i < WN_COUNT(table); i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}
