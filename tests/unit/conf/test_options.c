/* SPDX-License-Identifier: MIT */
/* The option table and everything that comes from it. */
#include "conf_test.h"

#include <whynow/log.h>

static enum wn_rc load(struct fixture *f, const char *text, const char *const *sets, struct wn_options *o,
		       struct wn_place *at)
{
	struct wn_yaml_docs docs = parse(f, text);
	f->errors.n = f->errors.more = 0;
	return wn_conf_options(docs.n ? docs.v[0].root : NULL, sets, f->a, o, at, &f->errors);
}

static size_t rows(void)
{
	size_t n;
	(void)wn_options_table(&n);
	return n;
}

static void defaults_hold_without_a_file(void **state)
{
	struct fixture *f = *state;
	struct wn_place *at = WN_NEW_N(f->a, struct wn_place, rows());
	struct wn_options o;

	assert_int_equal(load(f, "", NULL, &o, at), WN_OK);
	assert_int_equal(o.poll.floor_us, 300 * INT64_C(1000000));
	assert_int_equal(o.caps.contact.n, 2);
	assert_int_equal(o.caps.contact.per_us, 7 * 86400 * INT64_C(1000000));
	assert_int_equal(o.touches.window.from_minute, 540);
	assert_int_equal(o.touches.window.to_minute, 1020);
	assert_int_equal(o.touches.window.days, 0x1f);
	assert_int_equal(o.log.level, WN_INFO);
	assert_str(o.listen.control, "/run/whynow/control");
	assert_str(o.time_zone, "UTC");
	assert_null(o.exclude.text.p);
	assert_null(o.database.password_credential.p);
	assert_int_equal(o.poll.body_max, 16 << 20);
	assert_true(o.wires.n > 3);
	for (size_t i = 0; i < rows(); i++)
		assert_null(at[i].file);
}

static void the_file_and_then_the_command_line_win(void **state)
{
	struct fixture *f = *state;
	struct wn_place *at = WN_NEW_N(f->a, struct wn_place, rows());
	static const char *const sets[] = {"poll.floor=10s", "log.trace=[poll, match]", "instance=two words",
					   "touches.redirect_to=", NULL};
	struct wn_options o;
	size_t n;

	assert_int_equal(load(f,
			      "time_zone: Europe/Berlin\nexclude: |\n  account.customer\npoll:\n  floor: 1m\n  "
			      "ceiling: 1h\ndatabase:\n"
			      "  password: credential:db\ncaps: {contact: none, account: 6 per "
			      "1d12h}\ntouches:\n  window: 22:00-23:30 Fri-Mon,Wed\nlog:\n"
			      "wires: []\nhttp:\n  secrets: [credential:a, credential:b]\n  body_max: 512KiB\n",
			      sets, &o, at),
			 WN_OK);
	assert_int_equal(o.poll.floor_us, 10 * INT64_C(1000000));
	assert_int_equal(o.poll.ceiling_us, 3600 * INT64_C(1000000));
	assert_str(o.exclude.text, "account.customer\n");
	assert_int_equal(o.exclude.at.line, 3);
	assert_str(o.database.password_credential, "db");
	assert_int_equal(o.caps.contact.n, -1);
	assert_int_equal(o.touches.window.days, 0x10 | 0x20 | 0x40 | 0x01 | 0x04);
	assert_int_equal(o.log.trace_mask, 1u << WN_TRACE_POLL | 1u << WN_TRACE_MATCH);
	assert_int_equal(o.wires.n, 0);
	assert_str(o.http.secrets.v[1], "b");
	assert_int_equal(o.http.body_max, 512 << 10);
	assert_str(o.instance, "two words");
	const struct wn_option *t = wn_options_table(&n);
	assert_string_equal(at[wn_option_find("poll.floor") - t].file, "-o");
	assert_int_equal(at[wn_option_find("poll.ceiling") - t].line, 6);
}

static void mistakes_name_option_place_and_nearest(void **state)
{
	struct fixture *f = *state;
	struct wn_place *at = WN_NEW_N(f->a, struct wn_place, rows());
	static const char *const sets[] = {"poll.flor=1s", "poll.timeout=soon", "nothing", NULL};
	struct wn_options o = {.poll.floor_us = 77};

	assert_int_equal(load(f,
			      "pol:\n  floor: 1m\npoll:\n  flor: 1m\n  ceiling: 1s\n  jitter: 0.1\n  body_max: "
			      "1TB\ntime_zone: Mars/Olympus\n"
			      "caps: {contact: 2/7d, account: many}\ntouches:\n  window: 17:00-09:00\nlog: "
			      "{level: loud, trace: [pol]}\ndatabase: 5\n"
			      "http: {page: hunter2}\n",
			      sets, &o, at),
			 WN_INVALID);
	assert_errors(
		f, "-o: \"nothing\": expected OPTION=VALUE\n"
		   "-o: \"poll.flor=1s\": expected OPTION=VALUE; did you mean \"poll.floor\"?\n"
		   "-o:1:1: \"poll.timeout\": expected a duration such as 90s, 5m, 24h or 7d, found \"soon\"\n"
		   "t.yaml:1:1: unknown key \"pol\" in the main file; did you mean \"poll\"?\n"
		   "t.yaml:4:3: unknown key \"flor\" in poll; did you mean \"floor\"?\n"
		   "t.yaml:5:12: \"poll.ceiling\": expected a duration from 1m to 30d, found \"1s\"\n"
		   "t.yaml:6:11: \"poll.jitter\": expected a percentage such as 5%, found \"0.1\"\n"
		   "t.yaml:7:13: \"poll.body_max\": expected a size such as 512KiB or 16MiB, found a string\n"
		   "t.yaml:8:12: \"time_zone\": expected a time zone such as Europe/Berlin, found "
		   "\"Mars/Olympus\"\n"
		   "t.yaml:9:17: \"caps.contact\": expected a cap such as 2 per 7d, or none; found \"2/7d\"\n"
		   "t.yaml:9:32: \"caps.account\": expected a cap such as 2 per 7d, or none; found \"many\"\n"
		   "t.yaml:11:11: \"touches.window\": expected a window such as 09:00-17:00 Mon-Fri, or none; "
		   "found \"17:00-09:00\"\n"
		   "t.yaml:12:14: \"log.level\": expected err, warning, notice, info or debug, found \"loud\"\n"
		   "t.yaml:12:28: \"log.trace\": expected poll, http, read, extract, account, match, engine, "
		   "store, courier, sweep or clock, found \"pol\"; did you mean \"poll\"?\n"
		   "t.yaml:13:11: database: expected a mapping, found a number\n"
		   "t.yaml:14:14: \"http.page\": expected credential:NAME (secrets are systemd credentials, "
		   "never in the file)\n");
	assert_int_equal(o.poll.floor_us, 77);
}

static void options_that_contradict_each_other_are_refused(void **state)
{
	struct fixture *f = *state;
	struct wn_place *at = WN_NEW_N(f->a, struct wn_place, rows());
	struct wn_options o;

	assert_int_equal(
		load(f,
		     "poll: {floor: 2h, ceiling: 1h}\nhttp: {listen: '0.0.0.0:80'}\ndelivery: {timeout: 2m}\n"
		     "database: {conninfo: host=db password=x}\n",
		     NULL, &o, at),
		WN_INVALID);
	assert_errors(f, "t.yaml:1:15: \"poll.floor\" is above \"poll.ceiling\"\n"
			 "t.yaml:2:16: \"http.listen\": expected a loopback address such as 127.0.0.1:8470 "
			 "(put a proxy with TLS before it)\n"
			 "t.yaml:3:21: \"delivery.lease\" must be longer than \"delivery.timeout\"\n"
			 "t.yaml:4:22: \"database.conninfo\": a password does not belong into a file; use "
			 "database.password: credential:NAME\n");
	assert_int_equal(
		load(f, "poll: {allow_networks: [10.0.0.0/8, 'fd00::/8', 10.1.2.3, 10.0.0.0/33, office]}\n",
		     NULL, &o, at),
		WN_INVALID);
	assert_errors(f, "t.yaml:1:24: \"poll.allow_networks\": expected networks such as 10.20.0.0/16, found "
			 "\"10.0.0.0/33\"\n"
			 "t.yaml:1:24: \"poll.allow_networks\": expected networks such as 10.20.0.0/16, found "
			 "\"office\"\n");
	assert_int_equal(load(f, "http: {listen: '[::1]:8470'}\n", NULL, &o, at), WN_OK);
}

static void a_proxy_is_a_host_and_a_port(void **state)
{
	static const char *const good[] = {"http://proxy.example:3128", "socks5h://10.0.0.1:1080", "http://[::1]:80", ""},
				 *const bad[] = {"proxy.example:3128", "http://proxy.example", "http://proxy.example:3128/", "https://proxy.example:3128",
						 "socks5://proxy.example:1080", "http://ann:secret@proxy.example:3128", "http://:3128", "http://proxy.example:312800",
						 "http://a b:80", "http://proxy.example:80?x"};
	struct fixture *f = *state;
	struct wn_place *at = WN_NEW_N(f->a, struct wn_place, rows());
	struct wn_options o;
	char text[200];

	for (size_t i = 0; i < WN_COUNT(good); i++) {
		snprintf(text, sizeof(text), "poll: {proxy: '%s'}\n", good[i]);
		assert_int_equal(load(f, text, NULL, &o, at), WN_OK);
	}
	for (size_t i = 0; i < WN_COUNT(bad); i++) {
		snprintf(text, sizeof(text), "poll: {proxy: '%s'}\n", bad[i]);
		if (load(f, text, NULL, &o, at) != WN_INVALID)
			fail_msg("%s", bad[i]);
	}
}

static void caps_and_windows_are_read_whole_or_not_at_all(void **state)
{
	(void)state;
	static const char *const bad_caps[] = {"",          "2",        "2 per",       "per 7d",     "2 per 7",
					       "-1 per 7d", "2 per 0s", "1001 per 7d", "2 per 7d x", "2per 7d"};
	static const char *const bad_windows[] = {"",
						  "9:00-17:00",
						  "09:00",
						  "09:00-09:00",
						  "09:00-24:01",
						  "09:60-10:00",
						  "09:00-17:00 ",
						  "09:00-17:00 mon",
						  "09:00-17:00 Mon-",
						  "09:00-17:00 Mon,",
						  "09:00-17:00Mon",
						  "always"};
	struct wn_conf_cap cap = {5, 5};
	struct wn_conf_window w;

	for (size_t i = 0; i < WN_COUNT(bad_caps); i++)
		assert_int_equal(wn_conf_cap_from_text(wn_str_of(bad_caps[i]), &cap, NULL), WN_INVALID);
	assert_int_equal(cap.n, 5);
	for (size_t i = 0; i < WN_COUNT(bad_windows); i++) {
		if (i != 6) /* blanks around are taken off */
			assert_int_equal(wn_conf_window_from_text(wn_str_of(bad_windows[i]), &w, NULL),
					 WN_INVALID);
	}
	assert_int_equal(wn_conf_window_from_text(WN_STR("00:00-24:00"), &w, NULL), WN_OK);
	assert_int_equal(w.days, 0x7f);
	assert_int_equal(wn_conf_window_from_text(WN_STR("none"), &w, NULL), WN_OK);
	assert_true(w.any);
}

static void every_default_is_in_range_and_shows_as_itself(void **state)
{
	struct fixture *f = *state;
	struct wn_place *at = WN_NEW_N(f->a, struct wn_place, rows());
	struct wn_options o, again;
	struct wn_buf b;
	size_t n;
	const struct wn_option *t = wn_options_table(&n);

	assert_int_equal(load(f, "", NULL, &o, at), WN_OK);
	wn_buf_init(&b, 1 << 16);
	for (size_t i = 0; i < n; i++) {
		wn_buf_clear(&b);
		wn_option_value(&o, &t[i], &b);
		const char *sets[] = {wn_arena_printf(f->a, "%s=%s", t[i].name, b.p), NULL};
		assert_int_equal(load(f, "", sets, &again, at), WN_OK);
		struct wn_str first = wn_arena_str(f->a, wn_buf_slice(&b));
		wn_buf_clear(&b);
		wn_option_value(&again, &t[i], &b);
		assert_true(wn_str_eq(first, wn_buf_slice(&b)));
		if (t[i].type != WN_OPTION_SIZE && t[i].type != WN_OPTION_DURATION) /* 24h shows as 1d */
			assert_str(first, t[i].def);
		assert_true(t[i].help && t[i].help[0] && t[i].help[strlen(t[i].help) - 1] != '.');
		assert_true(t[i].more && t[i].more[0] && t[i].more[strlen(t[i].more) - 1] == '.');
		for (size_t j = 0; j < i; j++)
			assert_true(strcmp(t[i].name, t[j].name) && t[i].offset != t[j].offset);
	}
	wn_buf_done(&b);
}

static char *read_whole(struct fixture *f, const char *path, size_t *n)
{
	FILE *in = fopen(path, "r");
	assert_non_null(in);
	char *p = wn_arena_alloc(f->a, 1 << 20);
	*n = fread(p, 1, (1 << 20) - 1, in);
	fclose(in);
	return p;
}

static void the_shipped_sample_is_the_generated_one(void **state)
{
	struct fixture *f = *state;
	const char *update = getenv("WN_UPDATE_SAMPLE");
	struct wn_buf b;
	size_t n;

	wn_buf_init(&b, 1 << 20);
	wn_conf_sample(&b);
	if (update) {
		FILE *out = fopen(WN_SOURCE_DIR "/conf/whynow.yaml", "w");
		assert_non_null(out);
		fwrite(b.p, 1, b.n, out);
		fclose(out);
	}
	char *shipped = read_whole(f, WN_SOURCE_DIR "/conf/whynow.yaml", &n);
	if (n != b.n || memcmp(shipped, b.p, n))
		print_message("conf/whynow.yaml is not what the option table says: run this test with "
			      "WN_UPDATE_SAMPLE=1\n");
	assert_true(n == b.n && !memcmp(shipped, b.p, n));
	wn_buf_done(&b);
}

/* Every commented option, uncommented, is a file that says the defaults. */
static void the_sample_uncommented_is_the_defaults(void **state)
{
	struct fixture *f = *state;
	struct wn_place *at = WN_NEW_N(f->a, struct wn_place, rows());
	struct wn_options o;
	struct wn_buf b, bare;

	wn_buf_init(&b, 1 << 20);
	wn_buf_init(&bare, 1 << 20);
	wn_conf_sample(&b);
	assert_int_equal(load(f, b.p, NULL, &o, at), WN_OK);
	for (char *line = strtok(b.p, "\n"); line; line = strtok(NULL, "\n")) {
		char *hash = strchr(line, '#');
		if (hash && hash[1] != ' ' && hash[1])
			memmove(hash, hash + 1, strlen(hash));
		wn_buf_printf(&bare, "%s\n", line);
	}
	assert_int_equal(load(f, bare.p, NULL, &o, at), WN_OK);
	for (size_t i = 0; i < rows(); i++)
		assert_non_null(at[i].file);
	wn_buf_done(&b);
	wn_buf_done(&bare);
}

static void show_and_manual_name_every_option(void **state)
{
	struct fixture *f = *state;
	struct wn_config *c = NULL;
	static const char *const sets[] = {"poll.floor=1m", NULL};
	struct wn_conf_request req = {.sets = sets, .options_only = true};
	struct wn_value v;
	struct wn_buf text, json, manual;
	size_t n;
	const struct wn_option *t = wn_options_table(&n);

	assert_int_equal(wn_conf_load_all(&req, &c, &f->errors), WN_OK);
	wn_buf_init(&text, 1 << 20);
	wn_buf_init(&json, 1 << 20);
	wn_buf_init(&manual, 1 << 20);
	wn_conf_show(c, &text, false);
	wn_conf_show(c, &json, true);
	wn_conf_manual(&manual);
	assert_non_null(strstr(text.p, "poll.floor: 1m  # command line\n"));
	assert_non_null(strstr(text.p, "poll.ceiling: 1d  # default\n"));
	assert_int_equal(wn_json_parse(wn_buf_slice(&json), NULL, f->a, &v, &f->err), WN_OK);
	assert_int_equal(v.n, n);
	assert_str(wn_value_str(wn_value_at(wn_value_at(v, "poll.floor"), "reload")), "next poll");
	for (size_t i = 0; i < n; i++)
		assert_non_null(strstr(manual.p, wn_arena_printf(f->a, ".It Ic %s\n", t[i].name)));
	wn_buf_done(&text);
	wn_buf_done(&json);
	wn_buf_done(&manual);
	wn_config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_hold_without_a_file),
		TEST(the_file_and_then_the_command_line_win),
		TEST(mistakes_name_option_place_and_nearest),
		TEST(options_that_contradict_each_other_are_refused),
		TEST(caps_and_windows_are_read_whole_or_not_at_all),
		TEST(every_default_is_in_range_and_shows_as_itself),
		TEST(a_proxy_is_a_host_and_a_port),
		TEST(the_shipped_sample_is_the_generated_one),
		TEST(the_sample_uncommented_is_the_defaults),
		TEST(show_and_manual_name_every_option),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
