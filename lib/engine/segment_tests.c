/* SPDX-License-Identifier: MIT */
/*
 * Reading the `tests:` of a segment: every key is known or refused with its place, attributes and traits have the types
 * of the registry. Running them is trial.c.
 */
#include "segment_tests.h"

#include <stdlib.h>

struct reader {
	struct segment_build *b;
	struct wn_arena *arena; /* the segment's */
	const struct wn_registry *registry;
	struct segment_test *test;
};

typedef void read_key(struct reader *r, const struct wn_yaml_node *n, void *out);
struct key {
	const char *name;
	read_key *read;
	size_t offset;
};

/* Without the file's name, which lives shorter than a segment. */
static struct wn_place place_in_file(const struct wn_yaml_node *n)
{
	return (struct wn_place){NULL, n->line, n->column};
}

/* --- mappings ------------------------------------------------------------------------------------------ */
static void complain(struct reader *r, const struct wn_err *err)
{
	wn_yaml_error_add(r->b->errors, err);
}

static void want(struct reader *r, const struct wn_yaml_node *n, const char *what)
{
	wn_yaml_error(r->b->errors, wn_yaml_place(n), "expected %s, found %s", what, wn_yaml_what(n));
}

static const char **key_names(struct reader *r, const struct key *keys, size_t n)
{
	const char **names = WN_NEW_N(r->b->scratch, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		names[i] = keys[i].name;
	return names;
}

static bool read_known(struct reader *r, const struct wn_yaml_pair *p, const struct key *keys, size_t n, void *out)
{
	for (size_t i = 0; i < n; i++)
		if (wn_str_is(p->key->text, keys[i].name)) {
			keys[i].read(r, p->value, (char *)out + keys[i].offset);
			return true;
		}
	return false;
}

/* Each key once (the YAML reader refuses doubles), in the order written. */
static void read_map(struct reader *r, const struct wn_yaml_node *n, const char *what, const struct key *keys, size_t n_keys, void *out)
{
	if (n->kind != WN_YAML_MAPPING) {
		want(r, n, "a mapping");
		return;
	}
	for (size_t i = 0; i < n->n; i++)
		if (!read_known(r, &n->pairs[i], keys, n_keys, out))
			wn_yaml_unknown_key(n->pairs[i].key, what, key_names(r, keys, n_keys), n_keys, r->b->errors);
}

static bool is_list(struct reader *r, const struct wn_yaml_node *n, size_t max, const char *what)
{
	if (n->kind != WN_YAML_SEQUENCE)
		want(r, n, "a list");
	else if (n->n > max)
		wn_yaml_error(r->b->errors, wn_yaml_place(n), "%s: at most %zu", what, max);
	else
		return true;
	return false;
}

/* --- scalars ------------------------------------------------------------------------------------------- */
static void read_duration(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	struct wn_err err = {0};
	if (wn_yaml_duration(n, 0, 10 * 366 * WN_DAY, out, &err))
		complain(r, &err);
}

static void read_text(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	struct wn_err err = {0};
	struct wn_str s;
	if (wn_yaml_is_null(n))
		return;
	if (wn_yaml_string(n, 0, 2000, &s, &err))
		complain(r, &err);
	else
		*(struct wn_str *)out = wn_arena_str(r->arena, s);
}

static void read_number(struct reader *r, const struct wn_yaml_node *n, int min, int max, int64_t *out)
{
	struct wn_err err = {0};
	if (wn_yaml_int(n, min, max, out, &err))
		complain(r, &err);
}

static void read_small(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	int64_t i = 0;
	read_number(r, n, 1, 1000, &i);
	*(int *)out = (int)i;
}

/* --- facts: traits, and fields that everybody has -------------------------------------------------------- */
static const char *const account_fields[] = {"name", "domain", "state", "known_since", NULL};
static const char *const contact_fields[] = {"name",  "email",     "position", "department",
					     "level", "time_zone", "subject",  NULL};
static const char *const account_states[] = {"known", "provisional", "person", NULL};

static bool is_one_of(struct wn_str s, const char *const *names)
{
	for (size_t i = 0; names[i]; i++)
		if (wn_str_is(s, names[i]))
			return true;
	return false;
}

static void refuse_word(struct reader *r, const struct wn_yaml_node *n, const char *what, const char *const *names)
{
	size_t count = 0;
	while (names[count])
		count++;
	const char *near = wn_nearest(n->text, names, count);
	wn_yaml_error(r->b->errors, wn_yaml_place(n), "%s \"" WN_STR_FMT "\" is not known%s%s%s", what, WN_STR_ARG(n->text),
		      near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

static enum wn_attr_type field_type(struct wn_str name)
{
	return wn_str_is(name, "level")         ? WN_ATTR_INT
	       : wn_str_is(name, "subject")     ? WN_ATTR_BOOL
						: WN_ATTR_STRING;
}

static const char *const *field_values(enum wn_trait_of of, struct wn_str name)
{
	if (of == WN_TRAIT_ACCOUNT)
		return wn_str_is(name, "state") ? account_states : NULL;
	return wn_str_is(name, "department") ? wn_departments : NULL;
}

/* null says that nothing is known. */
static void add_fact(struct reader *r, const struct wn_yaml_pair *p, enum wn_attr_type type, const char *const *values, struct test_facts *f)
{
	struct wn_value v = wn_yaml_to_value(p->value, r->b->scratch), typed = {0};
	struct wn_err err = {0};
	if (v.kind != WN_NULL && wn_attr_coerce(type, values, v, r->arena, &typed, &err)) {
		wn_yaml_error(r->b->errors, wn_yaml_place(p->value), "\"" WN_STR_FMT "\": %s", WN_STR_ARG(p->key->text), err.text);
		return;
	}
	*WN_PUSH(r->arena, &f->v) = (struct test_fact){wn_arena_strdup(r->arena, p->key->text), wn_value_copy(r->arena, typed)};
}

static void refuse_fact(struct reader *r, enum wn_trait_of of, const struct wn_yaml_node *key)
{
	const char *near = wn_registry_nearest_trait(r->registry, of, key->text);
	wn_yaml_error(r->b->errors, wn_yaml_place(key), "there is no trait \"" WN_STR_FMT "\" of %s%s%s%s", WN_STR_ARG(key->text),
		      of == WN_TRAIT_ACCOUNT ? "accounts" : "contacts", near ? " (did you mean \"" : "", near ? near : "",
		      near ? "\"?)" : "");
}

static void read_fact(struct reader *r, enum wn_trait_of of, const struct wn_yaml_pair *p, struct test_facts *f)
{
	struct wn_str name = p->key->text;
	int trait = wn_registry_trait_number(r->registry, of, name);
	if (is_one_of(name, of == WN_TRAIT_ACCOUNT ? account_fields : contact_fields)) {
		const char *const *values = field_values(of, name);
		add_fact(r, p, values ? WN_ATTR_ENUM : field_type(name), values, f);
	} else if (trait < 0) {
		refuse_fact(r, of, p->key);
	} else {
		const struct wn_trait_def *def = wn_registry_trait(r->registry, trait);
		add_fact(r, p, def->type, def->enum_values, f);
	}
}

static void read_facts(struct reader *r, enum wn_trait_of of, const struct wn_yaml_node *n, struct test_facts *f)
{
	if (n->kind != WN_YAML_MAPPING) {
		want(r, n, "a mapping");
		return;
	}
	for (size_t i = 0; i < n->n; i++)
		read_fact(r, of, &n->pairs[i], f);
}

static void read_account(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	read_facts(r, WN_TRAIT_ACCOUNT, n, out);
}

static void read_contacts(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	(void)out;
	if (is_list(r, n, TEST_CONTACTS_MAX, "contacts of one test"))
		for (size_t i = 0; i < n->n; i++)
			read_facts(r, WN_TRAIT_CONTACT, n->items[i], WN_PUSH(r->arena, &r->test->contacts));
}

/* --- signals ------------------------------------------------------------------------------------------- */
#define AT(member) offsetof(struct test_signal, member)
static void read_kind(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	*(int *)out = wn_registry_kind_number(r->registry, n->text);
	if (*(int *)out >= 0)
		return;
	const char *near = wn_registry_nearest_kind(r->registry, n->text);
	wn_yaml_error(r->b->errors, wn_yaml_place(n), "there is no kind \"" WN_STR_FMT "\"%s%s%s", WN_STR_ARG(n->text),
		      near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

static const struct key signal_keys[] = {
    {"kind", read_kind, AT(kind)},        {"age", read_duration, AT(age_us)}, {"after", read_duration, AT(after_us)},
    {"headline", read_text, AT(headline)}, {"url", read_text, AT(url)},         {"publishers", read_small, AT(publishers)},
    {"contact", read_small, AT(contact)},
};
#undef AT

static void read_attr(struct reader *r, int kind, const struct wn_yaml_pair *p, struct wn_map_builder *m)
{
	struct wn_str name = p->key->text;
	const struct wn_attr_def *def = wn_registry_attr_of_kind(r->registry, kind, name);
	struct wn_value v;
	struct wn_err err = {0};
	if (!def) {
		const char *near = wn_registry_nearest_attr(r->registry, kind, name);
		wn_yaml_error(r->b->errors, wn_yaml_place(p->key), "kind %s has no attribute \"" WN_STR_FMT "\"%s%s%s",
			      wn_registry_kind(r->registry, kind)->name, WN_STR_ARG(name), near ? " (did you mean \"" : "",
			      near ? near : "", near ? "\"?)" : "");
	} else if (wn_attr_coerce(def->type, def->enum_values, wn_yaml_to_value(p->value, r->b->scratch), r->arena, &v, &err)) {
		wn_yaml_error(r->b->errors, wn_yaml_place(p->value), "\"" WN_STR_FMT "\": %s", WN_STR_ARG(name), err.text);
	} else {
		wn_map_put(m, wn_arena_str(r->arena, name), wn_value_copy(r->arena, v));
	}
}

static void check_contact(struct reader *r, const struct wn_yaml_node *n, int contact)
{
	if (contact > (int)r->test->contacts.n)
		wn_yaml_error(r->b->errors, wn_yaml_place(wn_yaml_get(n, "contact")), "there are only %zu contacts", r->test->contacts.n);
}

static void read_signal(struct reader *r, const struct wn_yaml_node *n)
{
	struct test_signal s = {.publishers = 1, .kind = -1};
	struct wn_map_builder attrs = wn_map_begin(r->arena);
	const struct wn_yaml_node *kind = n->kind == WN_YAML_MAPPING ? wn_yaml_get(n, "kind") : NULL;
	if (!kind) {
		wn_yaml_error(r->b->errors, wn_yaml_place(n), "a signal has a kind: {kind: funding, age: 1h, ...}");
		return;
	}
	read_kind(r, kind, &s.kind);
	for (size_t i = 0; s.kind >= 0 && i < n->n; i++)
		if (!read_known(r, &n->pairs[i], signal_keys, WN_COUNT(signal_keys), &s))
			read_attr(r, s.kind, &n->pairs[i], &attrs);
	check_contact(r, n, s.contact);
	s.attrs = wn_map_end(&attrs);
	if (s.kind >= 0)
		*WN_PUSH(r->arena, &r->test->signals) = s;
}

static void read_signals(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	(void)out;
	if (is_list(r, n, TEST_SIGNALS_MAX, "signals of one test"))
		for (size_t i = 0; i < n->n; i++)
			read_signal(r, n->items[i]);
}

static void read_covered(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	(void)out;
	if (!is_list(r, n, WN_COUNT(r->test->covered), "covered kinds"))
		return;
	for (size_t i = 0; i < n->n; i++)
		read_kind(r, n->items[i], &r->test->covered[r->test->n_covered++]);
}

/* --- what changes later -------------------------------------------------------------------------------- */
#define AT(member) offsetof(struct test_change, member)
#define TEXT_ROW(name, text) text,
static const char *const outcome_names[] = {WN_OUTCOME_LIST(TEXT_ROW) NULL};
#undef TEXT_ROW

static void read_outcome(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	for (size_t i = 0; outcome_names[i]; i++)
		if (wn_str_is(n->text, outcome_names[i]))
			*(const char **)out = outcome_names[i];
	if (!*(const char **)out)
		refuse_word(r, n, "outcome", outcome_names);
}

static const struct key change_keys[] = {
    {"after", read_duration, AT(after_us)},
    {"account", read_account, AT(account)},
    {"outcome", read_outcome, AT(outcome)},
    {"contact", read_small, AT(contact)},
};
#undef AT

static void read_changes(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	(void)out;
	if (!is_list(r, n, TEST_SIGNALS_MAX, "changes of one test"))
		return;
	for (size_t i = 0; i < n->n; i++) {
		struct test_change *c = WN_PUSH(r->arena, &r->test->changes);
		read_map(r, n->items[i], "change", change_keys, WN_COUNT(change_keys), c);
		check_contact(r, n->items[i], c->contact);
	}
}

/* --- expectations -------------------------------------------------------------------------------------- */
static struct test_want *wanted(const struct wn_yaml_node *n, void *out)
{
	struct test_want *w = out;
	w->at = place_in_file(n);
	return w;
}

static void expect_bool(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	struct wn_err err = {0};
	bool b = false;
	if (wn_yaml_bool(n, &b, &err))
		complain(r, &err);
	wanted(n, out)->number = b;
}

static void expect_count(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	read_number(r, n, 0, 100000, &wanted(n, out)->number);
}

/* The last letter says how exact it is meant: 14d is to the day, 36h to the hour. */
static int64_t unit_of(struct wn_str text)
{
	static const struct {
		char letter;
		int64_t us;
	} units[] = {{'w', 7 * WN_DAY}, {'d', WN_DAY}, {'h', WN_HOUR}, {'m', WN_MINUTE}};
	for (size_t i = 0; text.n && text.p[0] != 'P' && i < WN_COUNT(units); i++)
		if (text.p[text.n - 1] == units[i].letter)
			return units[i].us;
	return WN_SECOND;
}

static void expect_duration(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	struct test_want *w = wanted(n, out);
	read_duration(r, n, &w->number);
	w->unit_us = unit_of(n->text);
}

static void expect_text(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	read_text(r, n, &wanted(n, out)->text);
}

#define TEXT_ROW(name, text) text,
static const char *const result_names[] = {WN_RESULT_LIST(TEXT_ROW) NULL};
static const char *const left_names[] = {WN_LEFT_LIST(TEXT_ROW) NULL};
static const char *const touch_names[] = {WN_TOUCH_STATE_LIST(TEXT_ROW) NULL};
static const char *const reason_names[] = {"not_true", WN_NON_ACTION_LIST(TEXT_ROW) NULL};
#undef TEXT_ROW

static void expect_word(struct reader *r, const struct wn_yaml_node *n, void *out, const char *what, const char *const *names)
{
	expect_text(r, n, out);
	if (!is_one_of(n->text, names))
		refuse_word(r, n, what, names);
}

static void expect_result(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	expect_word(r, n, out, "result", result_names);
}
static void expect_left(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	expect_word(r, n, out, "reason of leaving", left_names);
}
static void expect_state(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	expect_word(r, n, out, "state", touch_names);
}
static void expect_reason(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	expect_word(r, n, out, "reason", reason_names);
}

#define AT(member) offsetof(struct test_touch, member)
static const struct key touch_keys[] = {
    {"step", expect_count, AT(step)},     {"contact", expect_count, AT(contact)}, {"after", expect_duration, AT(after)},
    {"channel", expect_text, AT(channel)}, {"variant", expect_text, AT(variant)},   {"state", expect_state, AT(state)},
    {"reason", expect_text, AT(reason)},   {"subject", expect_text, AT(subject)},   {"body", expect_text, AT(body)},
};
#undef AT

static void expect_touches(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	(void)out;
	if (!is_list(r, n, TEST_SIGNALS_MAX, "touches of one test"))
		return;
	for (size_t i = 0; i < n->n; i++) {
		struct test_touch *t = WN_PUSH(r->arena, &r->test->touches);
		*t = (struct test_touch){.at = place_in_file(n->items[i]), .step = {.number = (int64_t)i + 1}};
		read_map(r, n->items[i], "touch", touch_keys, WN_COUNT(touch_keys), t);
	}
}

#define AT(member) offsetof(struct segment_test, member)
static const struct key expect_keys[] = {
    {"opens", expect_bool, AT(opens)},
    {"opens_after", expect_duration, AT(opens_after)},
    {"proposed", expect_bool, AT(proposed)},
    {"members", expect_count, AT(members)},
    {"closes", expect_result, AT(closes)},
    {"closes_after", expect_duration, AT(closes_after)},
    {"left", expect_left, AT(left)},
    {"sent", expect_count, AT(sent)},
    {"because", expect_reason, AT(because)},
    {"touches", expect_touches, 0},
};

static void read_expect(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	(void)out;
	read_map(r, n, "expect", expect_keys, WN_COUNT(expect_keys), r->test);
	if (n->kind == WN_YAML_MAPPING && n->n == 0)
		want(r, n, "what is expected: {opens: true}");
}

static void read_name(struct reader *r, const struct wn_yaml_node *n, void *out)
{
	struct wn_str s = {0};
	read_text(r, n, &s);
	*(const char **)out = wn_arena_strdup(r->arena, s);
}

/* Contacts before the signals that name them. */
static const struct key test_keys[] = {
    {"name", read_name, AT(name)},
    {"account", read_account, AT(account)},
    {"contacts", read_contacts, 0},
    {"signals", read_signals, 0},
    {"changes", read_changes, 0},
    {"covered", read_covered, 0},
    {"expect", read_expect, 0},
};
#undef AT

static void read_test(struct reader *r, const struct wn_yaml_node *n)
{
	if (n->kind != WN_YAML_MAPPING) {
		want(r, n, "a test: {name: ..., signals: [...], expect: {...}}");
		return;
	}
	for (size_t k = 0; k < WN_COUNT(test_keys); k++) {
		const struct wn_yaml_node *v = wn_yaml_get(n, test_keys[k].name);
		if (v)
			test_keys[k].read(r, v, (char *)r->test + test_keys[k].offset);
	}
	const char **names = key_names(r, test_keys, WN_COUNT(test_keys));
	for (size_t i = 0; i < n->n; i++)
		if (!is_one_of(n->pairs[i].key->text, names))
			wn_yaml_unknown_key(n->pairs[i].key, "test", names, WN_COUNT(test_keys), r->b->errors);
	if (!r->test->name)
		r->test->name = wn_arena_printf(r->arena, "test %zu", r->b->inner->n_tests);
	if (!wn_yaml_get(n, "expect"))
		wn_yaml_error(r->b->errors, wn_yaml_place(n), "missing key \"expect\" in test: what should come of it");
}

void segment_build_tests(struct segment_build *b)
{
	const struct wn_yaml_node *n = b->file->tests;
	struct reader r = {.b = b, .arena = b->s->arena, .registry = b->inner->rules->registry};
	if (!n || !is_list(&r, n, TESTS_MAX, "tests"))
		return;
	struct segment_test *tests = WN_NEW_N(b->s->arena, struct segment_test, n->n + 1);
	b->inner->tests = tests;
	for (size_t i = 0; i < n->n; i++) {
		r.test = &tests[b->inner->n_tests++];
		r.test->at = place_in_file(n->items[i]);
		read_test(&r, n->items[i]);
	}
}
