/* SPDX-License-Identifier: MIT */
/* The reader of plain documents: what it takes libfyaml reads as the same tree, and what it is not sure of it leaves alone. */
#include "../../../lib/conf/parts.h"
#include "conf_test.h"

#include <dirent.h>

static bool same(const struct wn_yaml_node *x, const struct wn_yaml_node *y)
{
	bool is = x->kind == y->kind && x->style == y->style && x->line == y->line && x->column == y->column && x->n == y->n;

	if (is && x->kind == WN_YAML_SCALAR)
		is = wn_str_eq(x->text, y->text) && x->text_line == y->text_line && x->text_column == y->text_column && !x->text.p[x->text.n];
	for (size_t i = 0; is && i < x->n; i++)
		is = x->kind == WN_YAML_SEQUENCE ? same(x->items[i], y->items[i])
						 : same(x->pairs[i].key, y->pairs[i].key) && same(x->pairs[i].value, y->pairs[i].value);
	return is;
}

/* Taken, and read alike; or left alone. */
static bool is_taken(struct fixture *f, struct wn_str text)
{
	struct wn_yaml_docs plain, any;
	struct wn_err err = {0};

	if (!wn_yaml_read_plain(text, "t.yaml", f->a, &plain))
		return false;
	if (wn_yaml_read_any(text, "t.yaml", f->a, &any, &err) || any.n != 1 || !same(plain.v[0].root, any.v[0].root) ||
	    !wn_str_eq(plain.v[0].source, any.v[0].source))
		fail_msg("read otherwise than by libfyaml (%s):\n%.*s", err.text, (int)text.n, text.p);
	return true;
}

static void plain_documents_are_read_as_libfyaml_reads_them(void **state)
{
	static const char *const texts[] = {
		"a: 1\n",
		"# head\n\na: 1\n  # inside\nb: x y z\n",
		"a:\n  b: 1\n  c:\n    d: e\nf: g\n",
		"a:\n- 1\n- two\nb: c\n",
		"a:\n  - 1\n  -  two\n",
		"a:\n  - b: 1\n    c: 2\n  - b: 3\n",
		"a:\n  -   b: 1\n      c:\n        - 1\n",
		"a: [1, two, \"x, y\", 'it''s', [3]]\nb: {c: 1, d: [], e: {f: g}}\nc: []\nd: {}\n",
		"a: \"q \\\"x\\\" \\\\ \\n\"\nb: 'c: d # e'\n",
		"a: |\n  one\n   two\n\n  three\nb: c\n",
		"a: |-\n  one\n  two\n\n\nb: c\n",
		"a: |\n  # not a comment\n  x: y\n# a comment\nb: 1\n",
		"s:\n  - a: |\n      text\n    b: 2\n",
		"s:\n  - |\n   text\n  - x\n",
		"a: x:y\nb: http://x.example/p#q\nc: a#b\nd: -5\ne: 10d   \n",
		"when: |\n  signal.kind == \"funding\" && !account.customer\nwho: contact.level >= 4\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < WN_COUNT(texts); i++)
		if (!is_taken(f, wn_str_of(texts[i])))
			fail_msg("left alone:\n%s", texts[i]);
}

static void what_is_not_plain_is_left_to_libfyaml(void **state)
{
	static const char *const texts[] = {
		"", "\n", "a: 1", "---\na: 1\n", "a: 1\n---\nb: 1\n", "a: 1\n...\n", "- 1\n", "{a: 1}\n", "text\n", "a:\n", "a:\nb: 1\n", "a: 1\na: 2\n",
		"a: {b: 1, b: 2}\n", "a: [1,\n  2]\n", "a: one\n  two\n", "a: 'one\n  two'\n", "a: >\n  folded\n", "a: |2\n   x\n", "a: |+\n  x\n\n", "a: |\n\n  x\n",
		"a: |\nb: 1\n", "a: x # comment\n", "a: &x 1\n", "a: *x\n", "a: !t 1\n", "a: b: c\n", "a: \"\\u00e9\"\n", "a: \xc3\xa9\n", "a:\t1\n", "a: 1\r\n",
		"a:\n  b: 1\n c: 2\n", "a: 1\n  b: 2\n", "a:\n    - 1\n  - 2\n", "? a\n: b\n", "<<: 1\n", "\"a\": 1\n", "a: [b: c]\n", "a: {b}\n", "a: [1, ]\n",
		"a: 'x' y\n", "a: [1] 2\n", "a: @x\n", "a: `x`\n", "a: %x\n", "a: - 1\n", "a:\n  - - 1\n", "a: |\n  x\n y\n", "a: |\n  x\n      \n  y\n",
		"a: ,\n", "a: ?\n", " a: 1\n", "a: [x: 1]\n", "a: x:\n",
	};
	struct fixture *f = *state;
	struct wn_yaml_docs docs;

	for (size_t i = 0; i < WN_COUNT(texts); i++)
		if (wn_yaml_read_plain(wn_str_of(texts[i]), "t.yaml", f->a, &docs) && !is_taken(f, wn_str_of(texts[i])))
			fail_msg("taken:\n%s", texts[i]);
}

/* Any change of a byte or two to a plain document: taken or not, never read otherwise. */
static void damaged_documents_are_read_alike_or_not_at_all(void **state)
{
	static const char whole[] = "segment: many\n# note\nwhen: |\n  signal.kind == \"hire\" &&\n    account.employees <= 5\nwho: contact.level >= 1\n"
				    "audience: {min: 1, max: [2, 'x']}\nsequence:\n  - after: 1d\n    body: \"Hi {{a.b}}\"\n  - {after: 2d}\n";
	static const char odd[] = " \n:-#'\"|>[]{},&*!?%@`~x1\\.";
	struct fixture *f = *state;
	uint32_t seed = 12345, taken = 0;

	for (int i = 0; i < 4000; i++) {
		char text[sizeof(whole)];
		struct fixture now = *f;
		memcpy(text, whole, sizeof(whole));
		for (int k = 0; k < 1 + i % 2; k++) {
			seed = seed * 1664525 + 1013904223;
			text[(seed >> 8) % (sizeof(whole) - 1)] = odd[seed >> 27 & 15 ? (seed >> 4) % (sizeof(odd) - 1) : 0];
		}
		now.a = wn_arena_new(0);
		taken += is_taken(&now, wn_str_of(text));
		wn_arena_free(now.a);
	}
	assert_true(taken > 400);
}

static void every_shipped_segment_that_is_plain_is_read_alike(void **state)
{
	struct fixture *f = *state;
	DIR *dir = opendir(WN_SOURCE_DIR "/conf/segments");
	size_t taken = 0;

	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));) {
		char path[400], text[20000];
		snprintf(path, sizeof(path), WN_SOURCE_DIR "/conf/segments/%s", e->d_name);
		FILE *in = e->d_name[0] == '.' ? NULL : fopen(path, "re");
		if (!in)
			continue;
		size_t n = fread(text, 1, sizeof(text), in);
		fclose(in);
		taken += is_taken(f, (struct wn_str){text, n});
	}
	closedir(dir);
	assert_true(taken >= 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plain_documents_are_read_as_libfyaml_reads_them),
		TEST(what_is_not_plain_is_left_to_libfyaml),
		TEST(damaged_documents_are_read_alike_or_not_at_all),
		TEST(every_shipped_segment_that_is_plain_is_read_alike),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
