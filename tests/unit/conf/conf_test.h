/* SPDX-License-Identifier: MIT */
/* What the tests of lib/conf share: an arena and an error list for each test, and comparing error texts. */
#ifndef WN_CONF_TEST_H
#define WN_CONF_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <whynow/conf.h>

struct fixture {
	struct wn_arena *a;
	struct wn_yaml_errors errors;
	struct wn_err err;
};

static inline int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	f->a = wn_arena_new(0);
	wn_yaml_errors_init(&f->errors, f->a);
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;
	wn_arena_free(f->a);
	free(f);
	return 0;
}

static inline struct wn_yaml_docs parse(struct fixture *f, const char *text)
{
	struct wn_yaml_docs docs = {0};
	enum wn_rc rc = wn_yaml_parse(wn_str_of(text), "t.yaml", f->a, &docs, &f->err);
	if (rc)
		print_message("%d:%d %s\n", f->err.place.line, f->err.place.column, f->err.text);
	assert_int_equal(rc, WN_OK);
	return docs;
}

static inline struct wn_yaml_node *root(struct fixture *f, const char *text)
{
	struct wn_yaml_docs docs = parse(f, text);
	assert_true(docs.n >= 1);
	return docs.v[0].root;
}

static inline void assert_str(struct wn_str s, const char *expect)
{
	if (!wn_str_is(s, expect))
		print_message("found \"%.*s\", expected \"%s\"\n", (int)s.n, s.p ? s.p : "", expect);
	assert_true(wn_str_is(s, expect));
}

/* The sorted list of errors as text. */
static inline void assert_errors(struct fixture *f, const char *expect)
{
	struct wn_buf b;
	wn_buf_init(&b, 1 << 16);
	wn_yaml_errors_sort(&f->errors);
	wn_yaml_errors_to_text(&f->errors, &b);
	wn_buf_char(&b, '\0');
	assert_string_equal(b.p, expect);
	wn_buf_done(&b);
}

/* The text does not parse; "LINE:COL: message" begins with `expect`. */
static inline void assert_refused(struct fixture *f, const char *text, enum wn_rc rc, const char *expect)
{
	struct wn_yaml_docs docs = {.n = 77};
	char found[1200];

	assert_int_equal(wn_yaml_parse(wn_str_of(text), "t.yaml", f->a, &docs, &f->err), rc);
	assert_int_equal(docs.n, 77);
	snprintf(found, sizeof(found), "%d:%d: %s", f->err.place.line, f->err.place.column, f->err.text);
	if (strncmp(found, expect, strlen(expect)))
		print_message("found %s, expected %s\n", found, expect);
	assert_int_equal(strncmp(found, expect, strlen(expect)), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
