/* SPDX-License-Identifier: MIT */
/* The whole configuration from folders: overriding, names that must exist, the vendor's files, reloading. */
#include "conf_test.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
	struct fixture f; /* first */
	char dir[64];
};

static const char *const folders[] = {"feeds.d", "sinks.d",        "kinds.d",        "traits.d",
				      "vendor",  "vendor/feeds.d", "vendor/kinds.d", "vendor/traits.d"};

static void path_of(const struct world *w, const char *name, char path[200])
{
	snprintf(path, 200, "%s/%s", w->dir, name);
}

static void write_file(const struct world *w, const char *name, const char *text)
{
	char path[200];

	path_of(w, name, path);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static int build_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char path[200];

	w->f.a = wn_arena_new(0);
	wn_yaml_errors_init(&w->f.errors, w->f.a);
	strcpy(w->dir, "/tmp/whynow-conf-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	for (size_t i = 0; i < WN_COUNT(folders); i++) {
		path_of(w, folders[i], path);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	write_file(
		w, "whynow.yaml",
		"dirs: {feeds: feeds.d, sinks: sinks.d, kinds: kinds.d, traits: traits.d, vendor: vendor}\n");
	*state = w;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static int raze_world(void **state)
{
	struct world *w = *state;
	nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	wn_arena_free(w->f.a);
	free(w);
	return 0;
}

static enum wn_rc load(struct world *w, struct wn_config **out)
{
	char path[200];
	struct wn_conf_request req = {.main_path = path};

	path_of(w, "whynow.yaml", path);
	wn_yaml_errors_init(&w->f.errors, w->f.a);
	return wn_conf_load_all(&req, out, &w->f.errors);
}

/* As assert_errors, with the folder's name taken off. */
static void assert_world_errors(struct world *w, const char *expect)
{
	struct wn_buf b, bare;
	size_t n = strlen(w->dir);

	wn_buf_init(&b, 1 << 16);
	wn_buf_init(&bare, 1 << 16);
	wn_yaml_errors_to_text(&w->f.errors, &b);
	for (const char *p = b.p; p && *p;) {
		if (!strncmp(p, w->dir, n)) {
			p += n + 1;
			continue;
		}
		wn_buf_char(&bare, *p++);
	}
	wn_buf_char(&bare, '\0');
	assert_string_equal(bare.p, expect);
	wn_buf_done(&b);
	wn_buf_done(&bare);
}

#define KIND(name, attrs) \
	"kind: " name "\nsame_within: 0\nhalf_life: 1d\nhard_stop: 2d\nfirst_touch: 4h\nattributes: " attrs "\n"

static void files_of_the_same_name_replace_the_vendors(void **state)
{
	struct world *w = *state;
	struct wn_config *c = NULL;

	write_file(w, "vendor/kinds.d/a.yaml", KIND("one", "{x: string}") "---\n" KIND("two", "{}"));
	write_file(w, "vendor/kinds.d/b.yaml", KIND("three", "{}"));
	write_file(w, "vendor/kinds.d/c.yaml", KIND("four", "{}"));
	write_file(w, "kinds.d/a.yaml", KIND("one", "{y: int}"));
	write_file(w, "kinds.d/c.yaml", "");
	write_file(w, "kinds.d/.hidden.yaml", "rubbish: [");
	write_file(w, "kinds.d/notes.txt", "rubbish: [");
	assert_int_equal(load(w, &c), WN_OK);
	assert_int_equal(c->n_kinds, 2);
	assert_str(c->kinds[0].name, "one");
	assert_non_null(wn_kind_attr(&c->kinds[0], WN_STR("y")));
	assert_non_null(wn_config_kind(c, WN_STR("three")));
	assert_null(wn_config_kind(c, WN_STR("two")));
	assert_int_equal(wn_config_attr(c, WN_STR("y"))->type, WN_CONF_TYPE_INT);
	wn_config_free(c);
}

static void errors_of_all_files_come_together(void **state)
{
	struct world *w = *state;
	struct wn_config *c = (void *)1;

	write_file(w, "feeds.d/a.yaml", "feed: a\nurl: http://x.example\nextract: news\nevrey: 5m\n");
	write_file(w, "feeds.d/b.yaml", "feed: [\n");
	write_file(w, "sinks.d/c.yaml", "sink: c\nkind: file\nevents: ['*']\n");
	write_file(w, "kinds.d/d.yaml",
		   "kind: Big\nsame_within: 0\nhalf_life: 3d\nhard_stop: 2d\nfirst_touch: 4h\n");
	write_file(w, "traits.d/e.yaml", "trait: employees\nof: acount\ntype: int\n");
	assert_int_equal(load(w, &c), WN_INVALID);
	assert_ptr_equal(c, (void *)1);
	assert_world_errors(w, "feeds.d/a.yaml:4:1: unknown key \"evrey\" in feed; did you mean \"every\"?\n"
			       "feeds.d/b.yaml:2:1: not YAML: flow sequence without a closing bracket\n"
			       "kinds.d/d.yaml:1:7: \"kind\" in kind: expected a name (small letters, digits, "
			       "_; at most 63), found \"Big\"\n"
			       "sinks.d/c.yaml:1:1: missing key \"path\" in file sink\n"
			       "traits.d/e.yaml:2:5: \"of\" in trait: expected account or contact, found "
			       "\"acount\"; did you mean \"account\"?\n");
}

static void names_are_unique_over_all_files(void **state)
{
	struct world *w = *state;
	struct wn_config *c = NULL;

	write_file(w, "feeds.d/a.yaml",
		   "{feed: z, url: http://x.example, extract: news}\n---\n{feed: a, url: http://x.example, "
		   "extract: news}\n");
	write_file(w, "feeds.d/b.yaml",
		   "{feed: y, url: http://x.example, extract: news}\n---\n{feed: a, url: http://x.example, "
		   "extract: news}\n");
	write_file(w, "traits.d/a.yaml",
		   "{trait: x, of: account, type: int}\n---\n{trait: x, of: contact, type: int}\n---\n{trait: "
		   "x, of: account, type: int}\n");
	assert_int_equal(load(w, &c), WN_INVALID);
	char *text = wn_arena_printf(
		w->f.a, "feeds.d/b.yaml:3:8: feed \"a\" is given twice (first in feeds.d/a.yaml:3)\n"
			"traits.d/a.yaml:5:9: trait \"x\" is given twice (first in traits.d/a.yaml:1)\n");
	assert_world_errors(w, text);
}

static void an_attribute_has_one_type_over_all_kinds(void **state)
{
	struct world *w = *state;
	struct wn_config *c = NULL;

	write_file(w, "kinds.d/a.yaml", KIND("one", "{x: string, e: {type: enum, values: [p, q]}}"));
	write_file(w, "kinds.d/b.yaml",
		   KIND("two", "{x: int, e: {type: enum, values: [p]}}") "---\n" KIND("three", "{x: string}"));
	assert_int_equal(load(w, &c), WN_INVALID);
	assert_world_errors(w, "kinds.d/b.yaml:6:14: attribute \"x\" is int here and string in "
			       "kinds.d/a.yaml:6: an attribute has one type over all kinds\n"
			       "kinds.d/b.yaml:6:22: attribute \"e\" has other values here than in "
			       "kinds.d/a.yaml:6: an attribute has one type over all kinds\n");
}

static void feeds_and_traits_name_what_exists(void **state)
{
	struct world *w = *state;
	struct wn_config *c = NULL;

	write_file(w, "kinds.d/a.yaml", KIND("page_view", "{path: string, source: string}"));
	write_file(w, "traits.d/a.yaml",
		   "{trait: employees, of: account, type: int}\n---\n{trait: s, of: account, type: int, from: "
		   "{attribute: source}}\n---\n"
		   "{trait: t, of: account, type: string, from: {attribute: sorce, kinds: [page_view]}}\n---\n"
		   "{trait: u, of: account, type: string, from: {attribute: none}}\n");
	write_file(w, "feeds.d/a.yaml",
		   "feed: a\nurl: http://x.example\naccount: {domain: x.example}\nreports: {kinds: "
		   "[page_views], scope: all}\n"
		   "signal: {kind: page_view, pth: item.p}\ntraits: {emploees: item.n, contact.employees: "
		   "item.n}\n---\n"
		   "feed: b\nurl: http://x.example\naccount: {domain: x.example}\nsignal: {kind: pageview}\n");
	assert_int_equal(load(w, &c), WN_INVALID);
	assert_world_errors(
		w, "feeds.d/a.yaml:4:19: reports: no such kind: \"page_views\"; did you mean \"page_view\"?\n"
		   "feeds.d/a.yaml:5:27: kind \"page_view\" has no attribute \"pth\"; did you mean \"path\"?\n"
		   "feeds.d/a.yaml:6:10: traits: an account has no trait \"emploees\"; did you mean "
		   "\"employees\"?\n"
		   "feeds.d/a.yaml:6:28: traits: a contact has no trait \"employees\"\n"
		   "feeds.d/a.yaml:11:16: signal: no such kind: \"pageview\"; did you mean \"page_view\"?\n"
		   "traits.d/a.yaml:3:54: trait \"s\" is int, the attribute is string\n"
		   "traits.d/a.yaml:5:57: kind \"page_view\" has no attribute \"sorce\"; did you mean "
		   "\"source\"?\n"
		   "traits.d/a.yaml:7:57: no kind has an attribute \"none\"\n");
}

static void kinds_and_traits_that_make_no_sense_are_refused(void **state)
{
	struct world *w = *state;
	struct wn_config *c = NULL;

	write_file(w, "kinds.d/a.yaml",
		   "kind: k\nsame_within: 0\nhalf_life: 3d\nhard_stop: 2d\nfirst_touch: 4h\nattributes:\n  x: "
		   "{type: string, identity: true}\n"
		   "---\n" KIND("l", "{url: string, Y: int, z: strin, e: enum, f: {type: int, money: true}, g: "
				     "{type: int, values: [a]}}"));
	write_file(w, "traits.d/a.yaml",
		   "{trait: name, of: account, type: string}\n---\n{trait: e, of: contact, type: enum}\n---\n"
		   "{trait: b, of: contact, type: bool, default: no}\n---\n"
		   "{trait: p, of: contact, type: enum, values: [hr, it], rules: [{value: it}, {if: a, value: "
		   "hrr}]}\n");
	assert_int_equal(load(w, &c), WN_INVALID);
	assert_world_errors(
		w, "kinds.d/a.yaml:2:14: with same_within: 0 every item is a signal of its own: expected no "
		   "attribute with identity: true\n"
		   "kinds.d/a.yaml:4:12: \"hard_stop\" in kind comes before \"half_life\"\n"
		   "kinds.d/a.yaml:14:14: \"url\" is a field of every signal: it cannot be an attribute\n"
		   "kinds.d/a.yaml:14:27: \"Y\" is no name of an attribute (small letters, digits, _; at most "
		   "63)\n"
		   "kinds.d/a.yaml:14:38: attribute \"z\": expected string, int, double, bool, timestamp, "
		   "list, place or enum, found \"strin\"; did you mean \"string\"?\n"
		   "kinds.d/a.yaml:14:48: attribute \"e\": expected {type: enum, values: [...]}\n"
		   "kinds.d/a.yaml:14:69: \"money\" is for type: double\n"
		   "kinds.d/a.yaml:14:98: \"values\" are for type: enum\n"
		   "traits.d/a.yaml:1:9: \"name\" is a field of every account: it cannot be a trait\n"
		   "traits.d/a.yaml:3:1: missing key \"values\" in trait of type enum\n"
		   "traits.d/a.yaml:5:46: \"default\" of trait \"b\": expected true or false (write false), "
		   "found \"no\"\n"
		   "traits.d/a.yaml:7:63: a rule without \"if\" is always true: expected it last\n"
		   "traits.d/a.yaml:7:91: \"value\" of trait \"p\": expected hr or it, found \"hrr\"; did you "
		   "mean \"hr\"?\n");
}

static void a_missing_main_file_is_an_error_unless_optional(void **state)
{
	struct world *w = *state;
	struct wn_config *c = NULL;
	struct wn_conf_request req = {.main_path = "/nonexistent/whynow.yaml"};

	assert_int_equal(wn_conf_load_all(&req, &c, &w->f.errors), WN_INVALID);
	assert_errors(&w->f, "/nonexistent/whynow.yaml: No such file or directory\n");
	req.main_optional = true;
	req.options_only = true;
	wn_yaml_errors_init(&w->f.errors, w->f.a);
	assert_int_equal(wn_conf_load_all(&req, &c, &w->f.errors), WN_OK);
	assert_str(c->options.dirs.feeds, "/etc/whynow/feeds.d");
	wn_config_free(c);
}

static void a_reload_says_what_changed_and_when_it_takes_effect(void **state)
{
	struct world *w = *state;
	struct wn_config *old = NULL, *new = NULL;
	struct wn_conf_diff d;
	struct wn_buf b;

	write_file(w, "kinds.d/a.yaml", KIND("k", "{}"));
	write_file(w, "feeds.d/a.yaml",
		   "{feed: a, url: http://x.example, extract: news}\n---\n{feed: b, url: http://x.example, "
		   "extract: news}\n"
		   "---\n{feed: c, url: http://x.example, extract: news}\n");
	assert_int_equal(load(w, &old), WN_OK);
	wn_conf_diff(old, old, w->f.a, &d);
	assert_int_equal(d.n_options + d.n_things, 0);
	assert_false(d.needs_restart);
	write_file(w, "feeds.d/a.yaml",
		   "# a comment\n{extract: news, feed: a, url: http://x.example}\n---\n{feed: b, url: "
		   "http://y.example, extract: news}\n"
		   "---\n{feed: d, url: http://x.example, extract: news}\n");
	write_file(w, "whynow.yaml",
		   "dirs: {feeds: feeds.d, sinks: sinks.d, kinds: kinds.d, traits: traits.d, vendor: "
		   "vendor}\npoll: {floor: 1m}\n"
		   "database: {insecure_ok: true}\nlog: {level: debug}\ncaps: {contact: 3 per 7d}\n");
	write_file(w, "traits.d/t.yaml", "{trait: x, of: contact, type: int}\n");
	assert_int_equal(load(w, &new), WN_OK);
	wn_conf_diff(old, new, w->f.a, &d);
	assert_true(d.needs_restart);
	wn_buf_init(&b, 1 << 16);
	wn_conf_diff_to_text(&d, &b);
	assert_string_equal(b.p, "database.insecure_ok: false -> true (restart)\n"
				 "poll.floor: 5m -> 1m (next poll)\n"
				 "caps.contact: 2 per 7d -> 3 per 7d (now)\n"
				 "log.level: info -> debug (now)\n"
				 "feed b: changed\nfeed c: removed\nfeed d: added\ntrait x: added\n");
	wn_buf_done(&b);
	wn_config_free(old);
	wn_config_free(new);
}

/* --- the shipped files -------------------------------------------------------------------------------- */

static struct wn_config *shipped(struct world *w)
{
	static const char *const sets[] = {"dirs.vendor=" WN_SOURCE_DIR "/conf",
					   "dirs.kinds=/nonexistent",
					   "dirs.traits=/nonexistent",
					   "dirs.feeds=/nonexistent",
					   "dirs.sinks=/nonexistent",
					   NULL};
	struct wn_conf_request req = {.main_path = WN_SOURCE_DIR "/conf/whynow.yaml", .sets = sets};
	struct wn_config *c = NULL;
	struct wn_buf b;

	if (wn_conf_load_all(&req, &c, &w->f.errors)) {
		wn_buf_init(&b, 1 << 16);
		wn_yaml_errors_to_text(&w->f.errors, &b);
		print_message("%s", b.p);
		wn_buf_done(&b);
	}
	assert_non_null(c);
	return c;
}

static void the_shipped_kinds_are_those_of_the_manual(void **state)
{
	struct world *w = *state;
	struct wn_config *c = shipped(w);
	static const struct {
		const char *names[7];
		int same, half, hard, first; /* hours */
		const char *identity;
	} expect[] = {
		{{"funding"}, 720, 504, 1440, 72, "round amount_usd"},
		{{"hire", "departure"}, 1080, 720, 2160, 168, "person position"},
		{{"acquisition"}, 720, 720, 2160, 168, "target"},
		{{"tech_adopted", "tech_dropped"}, 1440, 504, 1440, 120, "technology"},
		{{"job_posting"}, 0, 720, 2880, 168, ""},
		{{"page_view"}, 0, 48, 336, 4, ""},
		{{"trial_started", "signup", "form_submitted", "content_download"}, 0, 168, 720, 24, ""},
		{{"cart_added", "cart_left", "payment_failed"}, 0, 48, 336, 4, ""},
		{{"purchase", "churn"}, 0, 720, 2160, 72, ""},
		{{"topic_surge"}, 168, 168, 504, 72, "topic"},
	};
	size_t seen = 0;

	for (size_t i = 0; i < WN_COUNT(expect); i++)
		for (size_t j = 0; expect[i].names[j]; j++, seen++) {
			const struct wn_kind_conf *k = wn_config_kind(c, wn_str_of(expect[i].names[j]));
			const int64_t hour = 3600 * INT64_C(1000000);
			char identity[100] = "";
			assert_non_null(k);
			assert_int_equal(k->same_within_us, expect[i].same * hour);
			assert_int_equal(k->half_life_us, expect[i].half * hour);
			assert_int_equal(k->hard_stop_us, expect[i].hard * hour);
			assert_int_equal(k->first_touch_us, expect[i].first * hour);
			for (size_t n = 0; n < k->n_attributes; n++)
				if (k->attributes[n].identity)
					snprintf(identity + strlen(identity),
						 sizeof(identity) - strlen(identity), "%s%s",
						 identity[0] ? " " : "", k->attributes[n].name.p);
			assert_string_equal(identity, expect[i].identity);
		}
	assert_int_equal(c->n_kinds, seen);
	assert_int_equal(wn_config_attr(c, WN_STR("round"))->values.n, 15);
	assert_int_equal(wn_config_attr(c, WN_STR("department"))->values.n, 12);
	wn_config_free(c);
}

static void only_three_shipped_traits_have_a_default(void **state)
{
	struct world *w = *state;
	struct wn_config *c = shipped(w);
	size_t defaults = 0;

	for (size_t i = 0; i < c->n_traits; i++) {
		const struct wn_trait_conf *t = &c->traits[i];
		if (t->def.kind == WN_ABSENT)
			continue;
		defaults += t->of == WN_CONF_OF_ACCOUNT;
		assert_true(t->def.kind == WN_BOOL && !t->def.b);
		assert_true(wn_str_is(t->name, "customer") || wn_str_is(t->name, "open_opportunity") ||
			    wn_str_is(t->name, "do_not_contact"));
	}
	assert_int_equal(defaults, 3);
	assert_non_null(wn_config_trait(c, WN_CONF_OF_CONTACT, WN_STR("persona")));
	assert_int_equal(wn_config_trait(c, WN_CONF_OF_ACCOUNT, WN_STR("source_first"))->from.pick,
			 WN_PICK_FIRST);
	assert_int_equal(wn_config_trait(c, WN_CONF_OF_ACCOUNT, WN_STR("technologies"))->type,
			 WN_CONF_TYPE_LIST);
	wn_config_free(c);
}

/* Templates are loaded from the vendor's folder, checked, and never polled as they are. */
static void shipped_templates_are_disabled(void **state)
{
	struct world *w = *state;
	struct wn_config *c = shipped(w);

	assert_int_equal(c->n_feeds, 0);
	assert_int_equal(c->n_sinks, 0);
	assert_true(c->n_disabled >= 20);
	wn_config_free(c);
}

/* ... and with `enabled: false` taken away they stand up to the check of names. */
static void shipped_templates_name_kinds_and_attributes_that_exist(void **state)
{
	struct world *w = *state;
	static const char *const names[] = {"ashby",
					    "csv",
					    "edgar",
					    "events-jsonl",
					    "github-events",
					    "greenhouse",
					    "hn-who-is-hiring",
					    "lever",
					    "news-atom",
					    "news-jsonfeed",
					    "news-rss",
					    "remoteok",
					    "smartrecruiters",
					    "teamtailor",
					    "weworkremotely",
					    "workable"};
	static const char *const sets[] = {"dirs.vendor=" WN_SOURCE_DIR "/conf", "dirs.sinks=/nonexistent",
					   NULL};
	char path[200], text[8192];
	struct wn_config *c = NULL;

	for (size_t i = 0; i < WN_COUNT(names); i++) {
		snprintf(path, sizeof(path), WN_SOURCE_DIR "/conf/feeds.d/%s.yaml", names[i]);
		FILE *in = fopen(path, "r");
		assert_non_null(in);
		size_t n = fread(text, 1, sizeof(text) - 1, in);
		fclose(in);
		text[n] = '\0';
		for (char *p; (p = strstr(text, "\nenabled: false"));)
			memcpy(p, "\n#              ", 15);
		snprintf(path, sizeof(path), "feeds.d/%s.yaml", names[i]);
		write_file(w, path, text);
	}
	path_of(w, "whynow.yaml", path);
	struct wn_conf_request req = {.main_path = path, .sets = sets};
	assert_int_equal(wn_conf_load_all(&req, &c, &w->f.errors), WN_OK);
	assert_true(c->n_feeds >= 20);
	wn_config_free(c);
}

#define WORLD(name) cmocka_unit_test_setup_teardown(name, build_world, raze_world)
int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(files_of_the_same_name_replace_the_vendors),
		WORLD(errors_of_all_files_come_together),
		WORLD(names_are_unique_over_all_files),
		WORLD(an_attribute_has_one_type_over_all_kinds),
		WORLD(feeds_and_traits_name_what_exists),
		WORLD(kinds_and_traits_that_make_no_sense_are_refused),
		WORLD(a_missing_main_file_is_an_error_unless_optional),
		WORLD(a_reload_says_what_changed_and_when_it_takes_effect),
		WORLD(the_shipped_kinds_are_those_of_the_manual),
		WORLD(only_three_shipped_traits_have_a_default),
		WORLD(shipped_templates_are_disabled),
		WORLD(shipped_templates_name_kinds_and_attributes_that_exist),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
