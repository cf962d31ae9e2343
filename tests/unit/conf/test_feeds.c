/* SPDX-License-Identifier: MIT */
/* Documents of feeds and sinks: the forms of the manual, and what is refused. */
#include "conf_test.h"

static struct wn_feed_confs feeds(struct fixture *f, const char *text)
{
	struct wn_feed_confs out = {0};
	struct wn_yaml_docs docs = parse(f, text);

	f->errors.n = f->errors.more = 0;
	wn_conf_feeds(&docs, NULL, f->a, &out, &f->errors);
	return out;
}

static struct wn_sink_confs sinks(struct fixture *f, const char *text)
{
	struct wn_sink_confs out = {0};
	struct wn_yaml_docs docs = parse(f, text);

	f->errors.n = f->errors.more = 0;
	wn_conf_sinks(&docs, f->a, &out, &f->errors);
	return out;
}

static const char manual[] =
	"feed: techcrunch-venture\nurl: https://techcrunch.example/venture/feed/\nformat: rss\nevery: {floor: "
	"5m, ceiling: 24h}\n"
	"publisher: TechCrunch.example\nextract: news\naccounts: create\nreports: {kinds: [funding, hire], "
	"scope: none}\n"
	"---\n"
	"feed: acme-jobs\nurl: https://boards.example/v1/boards/acme/jobs?content=true\nformat: json\nitems: "
	"doc.jobs\nid: string(item.id)\n"
	"account: {domain: acme.com}\nchanges: added\nreports: {kinds: [job_posting], scope: [Acme.com, "
	"acme.de]}\nsignal:\n  kind: job_posting\n"
	"  occurred_at: timestamp(item.first_published)\n  position: item.title\n  place: item.location.name\n"
	"---\n"
	"feed: crm-page-views\nurl: https://warehouse.example.com/export/events.jsonl\nformat: jsonl\npage: "
	"{cursor: doc.next, limit: 50}\n"
	"auth: {bearer: credential:warehouse}\nwhere: item.type == \"page_view\" && "
	"item.path.startsWith(\"/pricing\")\n"
	"account: {domain_from: item.company_domain, email_from: item.email}\nsignal:\n  kind: page_view\n  "
	"occurred_at: timestamp(item.ts)\n"
	"  path: item.path\n";

static void the_three_feeds_of_the_manual_are_read(void **state)
{
	struct fixture *f = *state;
	struct wn_feed_confs c = feeds(f, manual);

	assert_errors(f, "");
	assert_int_equal(c.list.n, 3);
	const struct wn_feed_conf *news = &c.list.v[0], *jobs = &c.list.v[1], *views = &c.list.v[2];
	assert_str(news->name, "techcrunch-venture");
	assert_int_equal(news->extract, WN_EXTRACT_NEWS);
	assert_int_equal(news->accounts, WN_ACCOUNTS_CREATE);
	assert_int_equal(news->reports.scope, WN_SCOPE_NONE);
	assert_int_equal(news->reports.kinds.n, 2);
	assert_str(news->publisher, "techcrunch.example");
	assert_int_equal(news->every.ceiling_us, 86400 * INT64_C(1000000));
	assert_true(news->strength == 1);
	assert_null(news->signal_kind.p);

	assert_int_equal(jobs->changes, WN_CHANGES_ADDED);
	assert_int_equal(jobs->reports.scope, WN_SCOPE_LIST);
	assert_str(jobs->reports.domains.v[0], "acme.com");
	assert_str(jobs->account.domain, "acme.com");
	assert_str(jobs->signal_kind, "job_posting");
	assert_str(jobs->common.occurred_at.text, "timestamp(item.first_published)");
	assert_int_equal(jobs->common.occurred_at.at.line, 20);
	assert_int_equal(jobs->common.occurred_at.at.column, 16);
	assert_int_equal(jobs->signal.n, 2);
	assert_str(jobs->signal.v[1].name, "place");
	assert_str(jobs->signal.v[1].cel.text, "item.location.name");

	assert_int_equal(views->page.by, WN_PAGE_CURSOR);
	assert_str(views->page.param, "cursor");
	assert_int_equal(views->page.limit, 50);
	assert_int_equal(views->auth.how, WN_AUTH_BEARER);
	assert_str(views->auth.credential, "warehouse");
	assert_int_equal(views->mode, WN_FEED_POLL);
	assert_true(memcmp(news->checksum, jobs->checksum, 32) != 0);
}

static void the_checksum_sees_meaning_not_form(void **state)
{
	struct fixture *f = *state;
	struct wn_feed_confs c = feeds(f, "feed: a\nurl: http://x.example/\nextract: news\nstrength: "
					  "0.5\n---\n# comment\nfeed: \"a\"\nextract: 'news'\n"
					  "strength: 0.5\nurl: >-\n  http://x.example/\n---\nfeed: a\nurl: "
					  "http://x.example/2\nextract: news\nstrength: 0.5\n");
	assert_int_equal(c.list.n, 3);
	assert_memory_equal(c.list.v[0].checksum, c.list.v[1].checksum, 32);
	assert_true(memcmp(c.list.v[0].checksum, c.list.v[2].checksum, 32) != 0);
}

static void every_has_two_forms_and_sensible_ends(void **state)
{
	struct fixture *f = *state;
	struct wn_feed_confs c =
		feeds(f, "{feed: a, url: http://x.example, extract: news, every: 1h}\n---\n{feed: b, url: "
			 "http://x.example, extract: news, every: {floor: 30d}}\n"
			 "---\n{feed: c, url: http://x.example, extract: news, every: {ceiling: 1m}}\n");
	assert_errors(f, "");
	assert_int_equal(c.list.v[0].every.floor_us, c.list.v[0].every.ceiling_us);
	assert_int_equal(c.list.v[1].every.ceiling_us, c.list.v[1].every.floor_us);
	assert_int_equal(c.list.v[2].every.floor_us, 60 * INT64_C(1000000));
}

static void disabled_feeds_are_checked_and_left_out(void **state)
{
	struct fixture *f = *state;
	struct wn_feed_confs c =
		feeds(f, "{feed: a, url: http://x.example, extract: news, enabled: false}\n---\n{feed: b, url: "
			 "nowhere, extract: news, enabled: false}\n");
	assert_int_equal(c.list.n, 0);
	assert_int_equal(c.n_disabled, 1);
	assert_errors(f, "t.yaml:3:16: \"url\": expected an address http(s)://HOST/... without user and "
			 "blanks, found \"nowhere\"\n");
}

static void pushed_and_streamed_feeds_are_told_from_polled_ones(void **state)
{
	struct fixture *f = *state;
	struct wn_feed_confs c =
		feeds(f, "feed: p\npush: {secrets: [credential:a, credential:b]}\nexpect_every: 1h\naccount: "
			 "{domain: x.example}\nsignal: {kind: signup}\n"
			 "---\nfeed: s\nurl: https://x.example/s\nformat: jsonl\nstream: {cursor: item.n, "
			 "param: since}\naccount: {domain: x.example}\nsignal: {kind: signup}\n");
	assert_errors(f, "");
	assert_int_equal(c.list.v[0].mode, WN_FEED_PUSH);
	assert_str(c.list.v[0].push.secret_credentials.v[1], "b");
	assert_int_equal(c.list.v[1].mode, WN_FEED_STREAM);
	feeds(f, "feed: p\npush: {}\nurl: http://x.example\nevery: 5m\nextract: news\n---\nfeed: q\nurl: "
		 "http://x.example\nstream: {}\nextract: news\n"
		 "---\nfeed: r\nextract: news\n---\nfeed: t\nurl: http://x.example\nextract: "
		 "news\nexpect_every: 1h\n");
	assert_errors(
		f,
		"t.yaml:3:1: \"url\" has no place in a feed with push:\n"
		"t.yaml:4:1: \"every\" has no place in a feed with push:\n"
		"t.yaml:9:9: stream: expected format: jsonl\n"
		"t.yaml:12:1: missing key \"url\" in feed (or push: for one that is pushed to us)\n"
		"t.yaml:18:1: \"expect_every\" is for feeds with push: or stream:; a polled one has every:\n");
}

static void what_cannot_work_is_refused(void **state)
{
	struct fixture *f = *state;

	feeds(f, "feed: a b\nurl: ftp://x.example\nformat: xml\nstrength: 2\nevery: {floor: 2h, ceiling: "
		 "1h}\nreports: {scope: some}\n");
	assert_errors(
		f,
		"t.yaml:1:7: \"feed\" in feed: expected a name (letters, digits, . _ -; at most 63), found \"a "
		"b\"\n"
		"t.yaml:2:6: \"url\": expected an address http(s)://HOST/... without user and blanks, found "
		"\"ftp://x.example\"\n"
		"t.yaml:3:9: \"format\" in feed: expected auto, rss, atom, rdf, jsonfeed, json, jsonl or csv, "
		"found \"xml\"\n"
		"t.yaml:4:11: \"strength\" in feed: expected a number from 0.01 to 1, found \"2\"\n"
		"t.yaml:5:16: \"floor\" in every is above \"ceiling\"\n"
		"t.yaml:6:10: missing key \"kinds\" in reports\n"
		"t.yaml:6:18: \"scope\" in reports: expected none, all or a list of domains, found a string\n");
	feeds(f, "{feed: a, url: http://x.example}\n---\n{feed: b, url: http://x.example, signal: {position: "
		 "x}}\n---\n"
		 "{feed: c, url: http://x.example, signal: {kind: item.kind, contact: item.mail}, account: "
		 "{domain: localhost}}\n---\n"
		 "{feed: d, url: http://x.example, signal: {kind: hire}, extract: news}\n---\n{feed: e, url: "
		 "http://x.example, signal: {kind: hire}}\n---\n"
		 "{feed: g, url: http://x.example, extract: news, format: rss, items: doc.x}\n");
	assert_errors(
		f, "t.yaml:1:1: the feed makes nothing: expected extract: news, signal:, outcome: or traits:\n"
		   "t.yaml:3:1: the feed names no account: expected account: with domain, domain_from, name or "
		   "email_from\n"
		   "t.yaml:3:42: missing key \"kind\" in signal\n"
		   "t.yaml:5:99: \"domain\": expected a domain such as acme.com, found \"localhost\"\n"
		   "t.yaml:7:34: extract: news finds its signals itself: expected no signal:\n"
		   "t.yaml:9:1: the feed names no account: expected account: with domain, domain_from, name or "
		   "email_from\n"
		   "t.yaml:11:62: \"items\" is for format: json; the other formats know their items\n");
}

static void kinds_are_literals_and_contacts_no_attributes(void **state)
{
	struct fixture *f = *state;
	feeds(f, "{feed: c, url: http://x.example, signal: {kind: item.kind, contact: item.mail}, account: "
		 "{domain: x.example}}\n");
	assert_errors(f, "t.yaml:1:49: \"kind\" in signal: expected the name of a kind (a literal, not CEL), "
			 "found \"item.kind\"\n"
			 "t.yaml:1:60: \"contact\" is no attribute: write contact: {email: ..., name: ...} "
			 "beside signal:\n");
}

static void addresses_carry_no_secrets_and_no_tricks(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {
		"http://user:pass@x.example/", "http://",     "https:///x",           "http://:80/",
		"file:///etc/passwd",          "//x.example", "http://x.example/a b", "http://x.example/\\n",
		"gopher://x.example",          "http://a@b"};
	for (size_t i = 0; i < WN_COUNT(bad); i++) {
		struct wn_feed_confs c =
			feeds(f, wn_arena_printf(f->a, "feed: a\nextract: news\nurl: \"%s\"\n", bad[i]));
		assert_int_equal(c.list.n, 0);
		assert_int_equal(f->errors.n, 1);
	}
	assert_int_equal(feeds(f, "feed: a\nextract: news\nurl: HTTPS://[2001:db8::1]:8080/x?y=a@b\n").list.n,
			 1);
}

static void pages_and_auth_take_exactly_one_way(void **state)
{
	struct fixture *f = *state;
	struct wn_feed_confs c =
		feeds(f, "{feed: a, url: http://x.example, extract: news, page: {page: p, first: 0, max: 3}, "
			 "auth: {query: {name: key, value: credential:k}}}\n---\n"
			 "{feed: b, url: http://x.example, extract: news, page: {offset: start, limit: 100, "
			 "limit_param: n}, auth: {basic: credential:u}}\n---\n"
			 "{feed: c, url: http://x.example, extract: news, page: {link: true}, auth: {header: "
			 "{name: X-Key, value: credential:k}}}\n");
	assert_errors(f, "");
	assert_int_equal(c.list.v[0].page.by, WN_PAGE_NUMBER);
	assert_int_equal(c.list.v[0].page.first, 0);
	assert_str(c.list.v[0].page.param, "p");
	assert_int_equal(c.list.v[0].auth.how, WN_AUTH_QUERY);
	assert_str(c.list.v[0].auth.name, "key");
	assert_int_equal(c.list.v[1].page.by, WN_PAGE_OFFSET);
	assert_int_equal(c.list.v[1].auth.how, WN_AUTH_BASIC);
	assert_int_equal(c.list.v[2].page.by, WN_PAGE_LINK);
	assert_str(c.list.v[2].auth.name, "X-Key");
	feeds(f, "{feed: a, url: http://x.example, extract: news, page: {page: p, link: true}, auth: {}}\n---\n"
		 "{feed: b, url: http://x.example, extract: news, page: {offset: p}, auth: {bearer: abc}}\n");
	assert_errors(f, "t.yaml:1:55: page: expected exactly one of page, offset, cursor and link, found 2\n"
			 "t.yaml:1:84: auth: expected exactly one of bearer, basic, header and query, found 0\n"
			 "t.yaml:3:83: \"bearer\" in auth: expected credential:NAME (secrets are systemd "
			 "credentials, never in the file)\n");
}

static void headers_cannot_break_a_request(void **state)
{
	struct fixture *f = *state;
	struct wn_feed_confs c = feeds(f, "{feed: a, url: http://x.example, extract: news, headers: {Accept: "
					  "x/y, X-Key: credential:k}}\n");
	assert_str(c.list.v[0].headers.v[0].value, "x/y");
	assert_null(c.list.v[0].headers.v[1].value.p);
	assert_str(c.list.v[0].headers.v[1].credential, "k");
	feeds(f, "feed: a\nurl: http://x.example\nextract: news\nheaders:\n  'X Y': 1\n  host: a\n  X: "
		 "\"a\\nb\"\n  Authorization: Bearer abc\n");
	assert_errors(f, "t.yaml:5:3: \"X Y\" is no name of a header\n"
			 "t.yaml:6:3: the header \"host\" is set by whynow itself\n"
			 "t.yaml:7:6: header \"X\": a value of one line and at most 4096 bytes\n"
			 "t.yaml:8:18: header \"Authorization\": expected credential:NAME (secrets are systemd "
			 "credentials, never in the file)\n");
}

static void outcomes_and_traits_are_mapped_too(void **state)
{
	struct fixture *f = *state;
	struct wn_feed_confs c =
		feeds(f, "{feed: a, url: http://x.example, account: {domain_from: item.d}, outcome: {kind: "
			 "meeting, occurred_at: date(item.at), value: item.v}}\n---\n"
			 "{feed: b, url: http://x.example, account: {domain_from: item.d}, traits: {employees: "
			 "item.n, contact.language: item.l}}\n");
	assert_errors(f, "");
	assert_str(c.list.v[0].outcome_kind, "meeting");
	assert_int_equal(c.list.v[0].outcome.n, 2);
	assert_str(c.list.v[1].traits.v[1].name, "contact.language");
	feeds(f, "{feed: a, url: http://x.example, account: {domain_from: item.d}, outcome: {kind: meeting, "
		 "vlaue: item.v}}\n");
	assert_errors(f, "t.yaml:1:91: unknown key \"vlaue\" in outcome; did you mean \"value\"?\n");
	c = feeds(f, "{feed: a, url: http://x.example, outcome: {kind: reply, email: item.from}}\n");
	assert_errors(f, "");
	assert_int_equal(c.list.n, 1);
	feeds(f, "{feed: a, url: http://x.example, outcome: {kind: reply}}\n");
	assert_errors(f, "t.yaml:1:43: the outcome is of nobody: expected account, email, touch or campaign in it, or account: or contact:\n");
}

static void sinks_of_every_kind_are_read(void **state)
{
	struct fixture *f = *state;
	struct wn_sink_confs c =
		sinks(f, "{sink: crm, kind: webhook, url: 'https://x.example/h', secrets: [credential:a, "
			 "credential:b], events: [campaign.*, touch.due], timeout: 5s}\n---\n"
			 "{sink: mail, kind: smtp, url: 'smtp://x.example:587', user: u, password: "
			 "credential:p, channels: [email], unsubscribe: {mailto: u@x.example}}\n---\n"
			 "{sink: log, kind: file, path: e.jsonl, events: '*'}\n---\n{sink: j, kind: journal, "
			 "events: [review.*]}\n---\n"
			 "{sink: chat, kind: webhook, url: 'https://x.example/c', format: template, template: "
			 "{body: '{}'}, channels: email}\n");
	assert_errors(f, "");
	assert_int_equal(c.list.n, 5);
	assert_true(wn_sink_takes_event(&c.list.v[0], "campaign.closed"));
	assert_true(wn_sink_takes_event(&c.list.v[0], "touch.due"));
	assert_false(wn_sink_takes_event(&c.list.v[0], "review.final"));
	assert_true(wn_sink_takes_event(&c.list.v[2], "feed.blind"));
	assert_false(wn_sink_takes_event(&c.list.v[1], "campaign.closed"));
	assert_true(wn_sink_takes_channel(&c.list.v[1], WN_STR("email")));
	assert_false(wn_sink_takes_channel(&c.list.v[0], WN_STR("email")));
	assert_str(c.list.v[0].secret_credentials.v[1], "b");
	assert_true(c.list.v[1].starttls);
	assert_str(c.list.v[4].template.content_type, "application/json");
}

static void sinks_that_cannot_work_are_refused(void **state)
{
	struct fixture *f = *state;

	sinks(f, "sink: a\nkind: webhok\nevents: [campain.opened, 'camp*', nothing.*]\n---\nsink: b\nkind: "
		 "webhook\npath: x\n---\nsink: c\nkind: smtp\n"
		 "url: http://x.example\nuser: u\nchannels: [email]\n---\nsink: d\nkind: file\npath: "
		 "\"a\\nb\"\nevents: ['*']\n---\n"
		 "{sink: e, kind: webhook, url: 'http://x.example', format: template, secrets: [credential:a, "
		 "credential:b, credential:c], events: ['*']}\n");
	assert_errors(
		f,
		"t.yaml:2:7: \"kind\" in sink: expected webhook, smtp, file or journal, found \"webhok\"; did "
		"you mean \"webhook\"?\n"
		"t.yaml:3:10: \"events\" in sink: expected a type of event, campaign.* or *, found "
		"\"campain.opened\"; did you mean \"campaign.opened\"?\n"
		"t.yaml:3:26: \"events\" in sink: expected a type of event, campaign.* or *, found \"camp*\"\n"
		"t.yaml:3:35: \"events\" in sink: expected a type of event, campaign.* or *, found "
		"\"nothing.*\"\n"
		"t.yaml:5:1: missing key \"url\" in webhook sink\n"
		"t.yaml:5:1: the sink takes nothing: expected events: or channels:\n"
		"t.yaml:7:1: \"path\" has no place in a webhook sink\n"
		"t.yaml:9:1: user and password go together\n"
		"t.yaml:11:6: \"url\": expected smtp://HOST[:PORT] or smtps://HOST[:PORT], found "
		"\"http://x.example\"\n"
		"t.yaml:15:1: from, user, mailto and path are of one line\n"
		"t.yaml:20:78: \"secrets\": expected at most 2 credentials, found 3\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_three_feeds_of_the_manual_are_read),
		TEST(the_checksum_sees_meaning_not_form),
		TEST(every_has_two_forms_and_sensible_ends),
		TEST(disabled_feeds_are_checked_and_left_out),
		TEST(pushed_and_streamed_feeds_are_told_from_polled_ones),
		TEST(what_cannot_work_is_refused),
		TEST(kinds_are_literals_and_contacts_no_attributes),
		TEST(addresses_carry_no_secrets_and_no_tricks),
		TEST(pages_and_auth_take_exactly_one_way),
		TEST(headers_cannot_break_a_request),
		TEST(outcomes_and_traits_are_mapped_too),
		TEST(sinks_of_every_kind_are_read),
		TEST(sinks_that_cannot_work_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
