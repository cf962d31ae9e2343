/* SPDX-License-Identifier: MIT */
/* Typed readers and the schema walker: what is accepted, and the one wording of what is not. */
#include "conf_test.h"

#include <whynow/limits.h>

struct step {
	const struct wn_yaml_node *node;
	int64_t after_us;
	struct wn_str channel;
};
struct life {
	const struct wn_yaml_node *node;
	int64_t box_us;
	double floor;
};
enum mode { SHADOW, PROPOSE, LIVE };
struct thing {
	const struct wn_yaml_node *node;
	struct wn_str name;
	int64_t every_us, count;
	double share, floor;
	bool on;
	enum mode mode;
	struct wn_money budget;
	struct wn_yaml_strings tags;
	struct wn_yaml_text when;
	struct wn_str secret;
	struct life life;
	struct wn_yaml_list steps;
	const struct wn_yaml_node *rest;
};
static const char *const modes[] = {"shadow", "propose", "live", NULL};
#define AT(m) offsetof(struct thing, m)
static const struct wn_yaml_row life_rows[] = {
	{"box", WN_YAML_T_DURATION, offsetof(struct life, box_us), .required = true, .min = 3600,
	 .max = 90 * 86400.0},
	{"floor", WN_YAML_T_DOUBLE, offsetof(struct life, floor), .min = 0.1, .max = 10},
};
static void check_life(void *out, struct wn_arena *a WN_UNUSED, struct wn_yaml_errors *e)
{
	const struct life *l = out;
	if (l->floor > 5)
		wn_yaml_error(e, wn_yaml_place(wn_yaml_get(l->node, "floor")), "the floor is odd");
}
static const struct wn_yaml_schema life_schema =
	WN_YAML_SCHEMA("life", struct life, life_rows, .check = check_life);
static const struct wn_yaml_row step_rows[] = {
	{"after", WN_YAML_T_DURATION, offsetof(struct step, after_us)},
	{"channel", WN_YAML_T_STRING, offsetof(struct step, channel), .required = true},
};
static const struct step step_defaults = {.after_us = 42};
static const struct wn_yaml_schema step_schema =
	WN_YAML_SCHEMA("step", struct step, step_rows, .defaults = &step_defaults);
static const struct wn_yaml_row rows[] = {
	{"name", WN_YAML_T_NAME, AT(name), .required = true},
	{"every", WN_YAML_T_DURATION, AT(every_us), .min = 60, .max = 86400},
	{"count", WN_YAML_T_INT, AT(count), .min = 0, .max = 10},
	{"share", WN_YAML_T_PERCENT, AT(share)},
	{"on", WN_YAML_T_BOOL, AT(on)},
	{"mode", WN_YAML_T_ENUM, AT(mode), .names = modes},
	{"budget", WN_YAML_T_MONEY, AT(budget)},
	{"tags", WN_YAML_T_STRINGS, AT(tags), .max = 3},
	{"when", WN_YAML_T_TEXT, AT(when)},
	{"secret", WN_YAML_T_CREDENTIAL, AT(secret)},
	{"life", WN_YAML_T_MAP, AT(life), .schema = &life_schema},
	{"steps", WN_YAML_T_LIST, AT(steps), .schema = &step_schema, .min = 1, .max = 3},
	{"rest", WN_YAML_T_NODE, AT(rest)},
};
static const struct wn_yaml_schema schema = WN_YAML_SCHEMA("thing", struct thing, rows);

static enum wn_rc walk(struct fixture *f, const char *text, struct thing *t)
{
	f->errors.n = f->errors.more = 0;
	return wn_yaml_walk(root(f, text), &schema, f->a, t, &f->errors);
}

static void a_whole_mapping_is_read(void **state)
{
	struct fixture *f = *state;
	struct thing t = {0};

	assert_int_equal(walk(f,
			      "name: a-b.c\nevery: 5m\ncount: 7\nshare: 5%\non: true\nmode: live\nbudget: 2000 "
			      "USD\ntags: [x, y]\n"
			      "when: |\n  a == b\nsecret: credential:my-key\nlife: {box: 14d, floor: "
			      "0.5}\nsteps:\n- {after: 0, channel: email}\n"
			      "- {channel: call}\nrest: {any: [thing]}\n",
			      &t),
			 WN_OK);
	assert_str(t.name, "a-b.c");
	assert_int_equal(t.every_us, 300 * INT64_C(1000000));
	assert_int_equal(t.count, 7);
	assert_true(t.share > 0.0499 && t.share < 0.0501);
	assert_true(t.on);
	assert_int_equal(t.mode, LIVE);
	assert_true(t.budget.amount == 2000);
	assert_string_equal(t.budget.currency, "USD");
	assert_int_equal(t.tags.n, 2);
	assert_str(t.when.text, "a == b\n");
	assert_int_equal(t.when.at.line, 10);
	assert_int_equal(t.when.at.column, 3);
	assert_str(t.secret, "my-key");
	assert_int_equal(t.life.box_us, 14 * 86400 * INT64_C(1000000));
	assert_int_equal(t.life.node->line, 12);
	const struct step *steps = t.steps.v;
	assert_int_equal(t.steps.n, 2);
	assert_int_equal(steps[0].after_us, 0);
	assert_int_equal(steps[1].after_us, 42);
	assert_str(steps[1].channel, "call");
	assert_int_equal(t.rest->kind, WN_YAML_MAPPING);
}

static void all_errors_are_reported_in_the_order_of_the_file(void **state)
{
	struct fixture *f = *state;
	struct thing t = {.count = 5, .every_us = 9};

	assert_int_equal(walk(f,
			      "evrey: 5m\ncount: eleven\nshare: 5\non: yes\nmode: lvie\nbudget: 2000\ntags: "
			      "[a, b, a]\nsecret: hunter2\n"
			      "life: {bx: 1d}\nsteps: []\nevery: 30s\nqqqqqq: 1\n",
			      &t),
			 WN_INVALID);
	assert_errors(f, "t.yaml:1:1: missing key \"name\" in thing\n"
			 "t.yaml:1:1: unknown key \"evrey\" in thing; did you mean \"every\"?\n"
			 "t.yaml:2:8: \"count\" in thing: expected a whole number, found \"eleven\"\n"
			 "t.yaml:3:8: \"share\" in thing: expected a percentage such as 5%, found \"5\"\n"
			 "t.yaml:4:5: \"on\" in thing: expected true or false (write true), found \"yes\"\n"
			 "t.yaml:5:7: \"mode\" in thing: expected shadow, propose or live, found \"lvie\"; did "
			 "you mean \"live\"?\n"
			 "t.yaml:6:9: \"budget\" in thing: expected an amount with its currency, such as 2000 "
			 "USD, found \"2000\"\n"
			 "t.yaml:7:14: \"tags\" in thing: \"a\" is listed twice\n"
			 "t.yaml:8:9: \"secret\" in thing: expected credential:NAME (secrets are systemd "
			 "credentials, never in the file)\n"
			 "t.yaml:9:7: missing key \"box\" in life\n"
			 "t.yaml:9:8: unknown key \"bx\" in life; did you mean \"box\"?\n"
			 "t.yaml:10:8: \"steps\" in thing: expected at least 1 element, found 0\n"
			 "t.yaml:11:8: \"every\" in thing: expected a duration from 1m to 1d, found \"30s\"\n"
			 "t.yaml:12:1: unknown key \"qqqqqq\" in thing\n");
	assert_int_equal(t.count, 5);
	assert_int_equal(t.every_us, 9);
}

static void a_secret_never_stands_in_a_message(void **state)
{
	struct fixture *f = *state;
	struct thing t = {0};

	walk(f, "name: x\nsecret: hunter2\n", &t);
	assert_null(strstr(f->errors.v[0].text, "hunter2"));
}

static void wrong_shapes_are_told_apart(void **state)
{
	struct fixture *f = *state;
	struct thing t = {0};

	walk(f, "name: [a]\ncount: {a: 1}\nlife: 5\nsteps: {a: 1}\nwhen:\ntags: {a: 1}\nmode: []\nevery: 5\n",
	     &t);
	assert_errors(f, "t.yaml:1:7: \"name\" in thing: expected a string, found a list\n"
			 "t.yaml:2:8: \"count\" in thing: expected a whole number, found a mapping\n"
			 "t.yaml:3:7: life: expected a mapping, found a number\n"
			 "t.yaml:4:8: \"steps\" in thing: expected a list, found a mapping\n"
			 "t.yaml:5:1: \"when\" in thing: expected a text, found nothing\n"
			 "t.yaml:6:7: \"tags\" in thing: expected a list of strings, found a mapping\n"
			 "t.yaml:7:7: \"mode\" in thing: expected shadow, propose or live, found a list\n"
			 "t.yaml:8:8: \"every\" in thing: expected a duration such as 90s, 5m, 24h or 7d, "
			 "found \"5\"\n");
	f->errors.n = 0;
	assert_int_equal(wn_yaml_walk(root(f, "[1]"), &schema, f->a, &t, &f->errors), WN_INVALID);
	assert_errors(f, "t.yaml:1:1: thing: expected a mapping, found a list\n");
}

static void ranges_are_closed_and_named(void **state)
{
	struct fixture *f = *state;
	struct thing t = {0};

	assert_int_equal(walk(f, "{name: x, count: 0, every: 1m, life: {box: 1h, floor: 0.1}}", &t), WN_OK);
	assert_int_equal(walk(f, "{name: x, count: 10, every: 24h, life: {box: 90d, floor: 5.0}}", &t), WN_OK);
	walk(f, "count: 11\nname: 'a b'\nlife: {box: 91d, floor: 0.05}\nshare: 101%\n", &t);
	assert_errors(
		f, "t.yaml:1:8: \"count\" in thing: expected a whole number from 0 to 10, found \"11\"\n"
		   "t.yaml:2:7: \"name\" in thing: expected a name (letters, digits, . _ -; at most 63), found "
		   "\"a b\"\n"
		   "t.yaml:3:13: \"box\" in life: expected a duration from 1h to 90d, found \"91d\"\n"
		   "t.yaml:3:25: \"floor\" in life: expected a number from 0.1 to 10, found \"0.05\"\n"
		   "t.yaml:4:8: \"share\" in thing: expected a percentage from 0% to 100%, found \"101%\"\n");
}

static void checks_across_keys_run_only_on_clean_mappings(void **state)
{
	struct fixture *f = *state;
	struct thing t = {0};

	walk(f, "name: x\nlife: {box: 1d, floor: 6}\n", &t);
	assert_errors(f, "t.yaml:2:24: the floor is odd\n");
	walk(f, "name: x\nlife: {floor: 6}\n", &t);
	assert_errors(f, "t.yaml:2:7: missing key \"box\" in life\n");
}

static void errors_beyond_the_ceiling_are_counted(void **state)
{
	struct fixture *f = *state;
	struct wn_err err = {0};
	struct thing t = {0};
	char text[4000];
	size_t n = 0;

	for (int i = 0; i < 30; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "zz%d: 1\n", i);
	walk(f, text, &t);
	assert_int_equal(f->errors.n, WN_CONF_ERRORS_MAX);
	assert_int_equal(f->errors.more, 11);
	assert_int_equal(wn_yaml_errors_count(&f->errors), 31);
	assert_int_equal(wn_yaml_errors_to_err(&f->errors, &err), WN_INVALID);
	assert_int_equal(err.place.line, 1);
	assert_non_null(strstr(err.text, "t.yaml:2:1: unknown key \"zz1\" in thing"));
}

static void amounts_of_money_are_exact_in_form(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text;
		double amount;
	} good[] = {{"2000 USD", 2000}, {"10e6 EUR", 10e6}, {"0.5  GBP", 0.5}, {"0 USD", 0}};
	static const char *const bad[] = {"2000",  "USD 2000",  "2000USD", "2000 usd", "-1 USD",
					  "x USD", "2000 USDT", "[1]",     "' USD'"};
	struct wn_money m;

	for (size_t i = 0; i < WN_COUNT(good); i++) {
		assert_int_equal(wn_yaml_money(root(f, good[i].text), &m, &f->err), WN_OK);
		assert_true(m.amount == good[i].amount);
	}
	for (size_t i = 0; i < WN_COUNT(bad); i++)
		assert_int_equal(wn_yaml_money(root(f, bad[i]), &m, &f->err), WN_INVALID);
}

static void a_missing_node_is_an_error_too(void **state)
{
	struct fixture *f = *state;
	struct wn_str s;
	bool b;

	assert_int_equal(wn_yaml_bool(NULL, &b, &f->err), WN_INVALID);
	assert_int_equal(wn_yaml_string(NULL, 0, 10, &s, &f->err), WN_INVALID);
	assert_string_equal(f->err.text, "expected a string, found nothing");
	assert_int_equal(wn_yaml_string(root(f, "''"), 1, 10, &s, &f->err), WN_INVALID);
	assert_int_equal(wn_yaml_string(root(f, "ééé"), 1, 2, &s, &f->err), WN_INVALID);
	assert_int_equal(wn_yaml_string(root(f, "éé"), 1, 2, &s, &f->err), WN_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_whole_mapping_is_read),
		TEST(all_errors_are_reported_in_the_order_of_the_file),
		TEST(a_secret_never_stands_in_a_message),
		TEST(wrong_shapes_are_told_apart),
		TEST(ranges_are_closed_and_named),
		TEST(checks_across_keys_run_only_on_clean_mappings),
		TEST(errors_beyond_the_ceiling_are_counted),
		TEST(amounts_of_money_are_exact_in_form),
		TEST(a_missing_node_is_an_error_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
