/* SPDX-License-Identifier: MIT */
/* YAML text to trees: positions, refusals, ceilings, values and back. */
#include "conf_test.h"

#include <whynow/limits.h>

static void several_documents_are_read_and_empty_ones_left_out(void **state)
{
	struct fixture *f = *state;
	struct wn_yaml_docs d =
		parse(f, "# head\na: 1\n---\n# second\nb: 2\n---\n---\n# only a comment\n---\nc: 3\n...\n");

	assert_int_equal(d.n, 3);
	assert_str(wn_yaml_get(d.v[0].root, "a")->text, "1");
	assert_str(wn_yaml_get(d.v[1].root, "b")->text, "2");
	assert_str(wn_yaml_get(d.v[2].root, "c")->text, "3");
	assert_str(d.v[0].source, "# head\na: 1\n");
	assert_str(d.v[1].source, "\n# second\nb: 2\n");
	assert_int_equal(parse(f, "").n, 0);
	assert_int_equal(parse(f, "# nothing\n").n, 0);
}

static void nodes_know_where_they_stand(void **state)
{
	struct fixture *f = *state;
	struct wn_yaml_node *n =
		root(f, "# é\na: x\n\"é\": 'q' # c\nlist:\n- 1\n- {k: é, l: [2, 3]}\nempty:\nlast: 1\n");

	struct wn_yaml_node *q = wn_yaml_get(n, "é");
	assert_int_equal(q->line, 3);
	assert_int_equal(q->column, 6);
	assert_int_equal(q->text_column, 7);
	assert_int_equal(q->style, WN_YAML_SINGLE);
	assert_int_equal(wn_yaml_key(n, "é")->column, 1);
	struct wn_yaml_node *l = wn_yaml_get(n, "list")->items[1];
	assert_int_equal(l->line, 6);
	assert_int_equal(l->column, 3);
	assert_int_equal(l->style, WN_YAML_FLOW);
	assert_int_equal(wn_yaml_find(l, "l")->items[1]->column, 17);
	assert_int_equal(wn_yaml_get(n, "empty")->line, 7);
	assert_true(wn_yaml_is_null(wn_yaml_get(n, "empty")));
	assert_null(wn_yaml_get(n, "none"));
	assert_null(wn_yaml_find(n, "a.b"));
}

static void check_block(struct fixture *f, const char *text, int line, int column, int text_line,
			int text_column, const char *content)
{
	struct wn_yaml_node *n = wn_yaml_get(root(f, text), "when");
	assert_str(n->text, content);
	assert_int_equal(n->line, line);
	assert_int_equal(n->column, column);
	assert_int_equal(n->text_line, text_line);
	assert_int_equal(n->text_column, text_column);
}

static void literal_blocks_tell_where_their_text_starts(void **state)
{
	struct fixture *f = *state;

	check_block(f, "when: |\n  a\n    b\nx: 1\n", 1, 7, 2, 3, "a\n  b\n");
	check_block(f, "a: '|'\nwhen: |-  # it's | this\n\n      a\n\n      b\n", 2, 7, 3, 7, "\na\n\nb");
	check_block(f, "é: {a: b}\nwhen: |2\n    a\n  b\n", 2, 7, 3, 3, "  a\nb\n");
	check_block(f, "when:\n  |\n   a\n", 2, 3, 3, 4, "a\n");
	check_block(f, "when: >-\n  a\n  b\n", 1, 7, 2, 3, "a b");
	struct wn_yaml_node *in_list = root(f, "l:\n  - |\n    a | b\n");
	assert_int_equal(wn_yaml_get(in_list, "l")->items[0]->column, 5);
	assert_int_equal(wn_yaml_get(in_list, "l")->items[0]->line, 2);
	assert_str(wn_yaml_get(root(f, "when: |\n"), "when")->text, "");
	assert_str(wn_yaml_get(root(f, "when: |"), "when")->text, "");
	assert_str(wn_yaml_get(root(f, "when: |\r\n  a\r\n  b\r\n"), "when")->text, "a\nb\n");
}

static void places_inside_a_text_are_places_of_the_file(void **state)
{
	struct fixture *f = *state;
	struct wn_yaml_text t;
	struct wn_yaml_node *n = root(f, "a: 'x == y'\nwhen: |\n    foo\n      bar\nfold: >\n  a\n  b\n");

	assert_int_equal(wn_yaml_text(wn_yaml_get(n, "a"), &t, NULL), WN_OK);
	assert_int_equal(wn_yaml_text_place(&t, 1, 6).column, 10);
	assert_int_equal(wn_yaml_text(wn_yaml_get(n, "when"), &t, NULL), WN_OK);
	struct wn_place p = wn_yaml_text_place(&t, 2, 3);
	assert_int_equal(p.line, 4);
	assert_int_equal(p.column, 7);
	assert_string_equal(p.file, "t.yaml");
	assert_int_equal(wn_yaml_text(wn_yaml_get(n, "fold"), &t, NULL), WN_OK);
	assert_int_equal(wn_yaml_text_place(&t, 1, 3).line, 7);
}

/* Where the mark stands in the text and where in the file. */
static void check_mark(struct fixture *f, const char *yaml, int line, int column)
{
	struct wn_yaml_text t;
	assert_int_equal(wn_yaml_text(wn_yaml_get(root(f, yaml), "when"), &t, NULL), WN_OK);
	const char *mark = memchr(t.text.p, '@', t.text.n);
	int in_line = 1, in_column = 1;
	for (const char *c = t.text.p; c < mark; c++) {
		in_column = *c == '\n' ? 1 : in_column + ((*c & 0xc0) != 0x80);
		in_line += *c == '\n';
	}
	struct wn_place p = wn_yaml_text_place(&t, in_line, in_column);
	if (p.line != line || p.column != column)
		fail_msg("%d:%d instead of %d:%d in\n%s", p.line, p.column, line, column, yaml);
}

static void places_are_exact_in_folded_and_quoted_texts(void **state)
{
	struct fixture *f = *state;

	check_mark(f, "when: >\n  a\n  b @\n", 3, 5);
	check_mark(f, "when: >-\n    aé\n    b\n\n\n    ü @\nx: 1\n", 6, 7);
	check_mark(f, "when: a b\n  && c @\n", 2, 8);
	check_mark(f, "when: a\n\n  && c\n  @\n", 4, 3);
	check_mark(f, "when: 'it''s ''ü'' @'\n", 1, 20);
	check_mark(f, "when: \"a == \\\"é\\\" \\u00e9 @\"\n", 1, 26);
	check_mark(f, "when: \"a\n  == \\\"b\\\" @\"\n", 2, 12);
	check_mark(f, "when: \"a @\"\n", 1, 10);
	check_mark(f, "{when: 'a ''b'' @', x: 1}\n", 1, 17);
}

static void broken_text_is_refused_with_its_place(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, "a: \"open\nb: 1\n", WN_INVALID, "1:4: not YAML: ");
	assert_refused(f, "a: [1, 2\nb: 3\n", WN_INVALID, "3:1: not YAML: ");
	assert_refused(f, "a: 1\n b: 2\n", WN_INVALID, "1:4: not YAML: ");
	assert_refused(f, "a: b: c\n", WN_INVALID, "1:");
	assert_refused(f, "a: 1\n}\n", WN_INVALID, "2:1: not YAML: ");
	assert_refused(f, "\xff\xfe", WN_INVALID, "0:0: not UTF-8");
	assert_refused(f, "a: \"\\0\"\n", WN_INVALID, "1:5: a NUL character");
}

static void a_tab_gets_a_hint(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, "a:\n\tb: 2\n", WN_INVALID, "2:");
	assert_non_null(strstr(f->err.text, "this line holds a tab: YAML is indented with blanks"));
}

static void duplicate_keys_are_refused_with_both_lines(void **state)
{
	struct fixture *f = *state;
	assert_refused(f, "a: 1\nb: {c: 1, d: 2, c: 3}\n", WN_INVALID,
		       "2:17: key \"c\" is given twice (first in line 2)");
	assert_refused(f, "a: 1\nb: 2\n'a': 3\n", WN_INVALID,
		       "3:1: key \"a\" is given twice (first in line 1)");
}

static void anchors_aliases_tags_and_merges_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, "a: &x 1\nb: *x\n", WN_INVALID, "1:4: anchors");
	assert_refused(f, "a: *x\n", WN_INVALID, "1:4: aliases");
	assert_refused(f, "a: !!str 1\n", WN_INVALID, "1:4: tags");
	assert_refused(f, "a: 1\n<<: {b: 2}\n", WN_INVALID, "2:1: merge keys");
	assert_refused(f, "? [a]\n: 1\n", WN_INVALID, "1:3: a key must be a plain word, not a list");
	assert_refused(f, "a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\n", WN_INVALID, "1:4: anchors");
}

static char *repeat(struct fixture *f, const char *unit, size_t times)
{
	size_t n = strlen(unit);
	char *p = wn_arena_alloc(f->a, n * times + 1);
	for (size_t i = 0; i < times; i++)
		memcpy(p + i * n, unit, n);
	return p;
}

static void ceilings_hold(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, repeat(f, "[", WN_CONF_DEPTH_MAX + 1), WN_LIMIT, "1:33: nested deeper than 32");
	assert_refused(f, repeat(f, "- ", 100000), WN_LIMIT, "1:65: nested deeper than 32");
	assert_refused(f, repeat(f, "[", 1 << 20), WN_LIMIT, "0:0: more than 200000 brackets and commas");
	assert_refused(f, repeat(f, "- a\n", WN_CONF_NODES_MAX + 1), WN_LIMIT,
		       "200000:3: more than 200000 nodes");
	assert_refused(f, repeat(f, "a", WN_CONF_TEXT_MAX + 1), WN_LIMIT,
		       "1:1: a text of 65537 bytes; at most 65536 are read");
	assert_refused(f, repeat(f, "#\n", WN_CONF_FILE_MAX / 2 + 1), WN_LIMIT,
		       "0:0: 4194306 bytes; at most 4194304 are read");
	struct wn_yaml_node *deep =
		root(f, "a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n");
	assert_int_equal(deep->n, 1);
}

static void a_missing_file_is_not_found_and_a_folder_is_invalid(void **state)
{
	struct fixture *f = *state;
	struct wn_yaml_docs d;

	assert_int_equal(wn_yaml_load("/nonexistent/x.yaml", f->a, &d, &f->err), WN_NOT_FOUND);
	assert_int_equal(wn_yaml_load("/", f->a, &d, &f->err), WN_INVALID);
	assert_int_equal(wn_yaml_load("/dev/null", f->a, &d, &f->err), WN_OK);
	assert_int_equal(d.n, 0);
}

static void scalars_follow_the_core_schema(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text;
		enum wn_kind kind;
	} cases[] = {
		{"no", WN_STRING},
		{"yes", WN_STRING},
		{"12:30", WN_STRING},
		{"true", WN_BOOL},
		{"False", WN_BOOL},
		{"tRUE", WN_STRING},
		{"~", WN_NULL},
		{"null", WN_NULL},
		{"'null'", WN_STRING},
		{"0o17", WN_INT},
		{"0x1F", WN_INT},
		{"0b1", WN_STRING},
		{"-12", WN_INT},
		{"+12", WN_INT},
		{"1_000", WN_STRING},
		{"1.5", WN_DOUBLE},
		{".5", WN_DOUBLE},
		{"1e3", WN_DOUBLE},
		{"1.", WN_DOUBLE},
		{"1e", WN_STRING},
		{".", WN_STRING},
		{".inf", WN_DOUBLE},
		{"-.INF", WN_DOUBLE},
		{".nan", WN_DOUBLE},
		{"99999999999999999999", WN_DOUBLE},
		{"9223372036854775807", WN_INT},
		{"-9223372036854775808", WN_INT},
		{"\"5\"", WN_STRING},
		{"2026-05-04", WN_STRING},
		{"1e999", WN_STRING},
		{"0x", WN_STRING},
		{"- ", WN_LIST},
	};

	for (size_t i = 0; i < WN_COUNT(cases); i++) {
		char text[100];
		snprintf(text, sizeof(text), "[%s]\n", cases[i].text);
		struct wn_value v = cases[i].kind == WN_LIST ? wn_yaml_to_value(root(f, "- \n"), f->a)
							     : wn_yaml_to_value(root(f, text)->items[0], f->a);
		if (v.kind != cases[i].kind)
			print_message("%s: %s\n", cases[i].text, wn_kind_to_text(v.kind));
		assert_int_equal(v.kind, cases[i].kind);
	}
	assert_int_equal(wn_yaml_to_value(root(f, "0o17"), f->a).i, 15);
	assert_int_equal(wn_yaml_to_value(root(f, "-9223372036854775808"), f->a).i, INT64_MIN);
}

/* libfyaml's own decoder gets the first group wrong. */
static void quoted_scalars_are_read_as_the_specification_says(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *yaml, *text;
	} cases[] = {
		{"'x''''y'", "x''y"},
		{"'x == '''' || y'", "x == '' || y"},
		{"'''''b'", "''b"},
		{"\"\\x41b\\ \n\n  a\\\"\"", "Ab \na\""},
		{"\"a\\t \\\n  \n\n  : \\t\"", "a\t \n\n: \t"},
		{"''", ""},
		{"\"\"", ""},
		{"' a '", " a "},
		{"'a  \n   b'", "a b"},
		{"'a\n\n\n  b'", "a\n\nb"},
		{"\"a \\\n   b\"", "a b"},
		{"\"\\u00e9\\U0001F600\\x7e\\/\\\\\"", "\u00e9\U0001F600~/\\"},
		{"\"\\_\"", "\u00a0"},
		{"'\\n'", "\\n"},
	};

	for (size_t i = 0; i < WN_COUNT(cases); i++) {
		char *in_block = wn_arena_printf(f->a, "a: %s\nb: 1\n", cases[i].yaml);
		char *in_flow = wn_arena_printf(f->a, "[x, %s, y]\n", cases[i].yaml);
		assert_str(wn_yaml_get(root(f, in_block), "a")->text, cases[i].text);
		assert_str(root(f, in_flow)->items[1]->text, cases[i].text);
	}
	assert_str(root(f, "'it''''s': 1\n")->pairs[0].key->text, "it''s");
	assert_refused(f, "a: \"\\ud800\"\n", WN_INVALID, "1:");
	assert_refused(f, "a: \"\\q\"\n", WN_INVALID, "1:");
}

static void what_is_written_reads_back_as_the_same_value(void **state)
{
	struct fixture *f = *state;
	struct wn_yaml_node *n = root(f, "s: [plain, 'no', '5', '', ' x', 'a: b', 'a #b', '- x', "
					 "\"q\\\"é\\n\\t\", '*x', 'null', ON, '1e3', ':', 'a:', "
					 "'0x1F', '.5', '#', '@a', 'a,b', '[', '=', '<<', '12:30', 'x y', "
					 "'---']\nd: [1.0, 0.1, 1e300, -2.5, .inf]\ni: [0, -5]\n"
					 "b: true\nn: ~\ne: []\nm: {}\nnested: [[1, 2], {a: 1, b: {c: [x]}}, "
					 "[{d: 1}]]\n'odd: key': 1\n");
	struct wn_value v = wn_yaml_to_value(n, f->a);
	struct wn_buf b;

	wn_buf_init(&b, 1 << 16);
	wn_yaml_write(&b, v);
	struct wn_value back = wn_yaml_to_value(root(f, wn_arena_strdup(f->a, wn_buf_slice(&b))), f->a);
	if (!wn_value_eq(v, back))
		print_message("%.*s", (int)b.n, b.p);
	assert_true(wn_value_eq(v, back));
	wn_buf_done(&b);
}

static void the_writer_is_pleasant_to_read(void **state)
{
	struct fixture *f = *state;
	struct wn_buf b;

	wn_buf_init(&b, 1 << 16);
	wn_yaml_write(&b, wn_yaml_to_value(root(f, "{a: {b: 1, c: [x, {d: 'e', f: 2}]}, u: "
						   "'http://x.example/y', w: '09:00-17:00 Mon-Fri'}"),
					   f->a));
	wn_buf_char(&b, '\0');
	assert_string_equal(b.p, "a:\n  b: 1\n  c:\n    - x\n    - d: e\n      f: 2\nu: http://x.example/y\nw: "
				 "09:00-17:00 Mon-Fri\n");
	wn_buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(several_documents_are_read_and_empty_ones_left_out),
		TEST(nodes_know_where_they_stand),
		TEST(literal_blocks_tell_where_their_text_starts),
		TEST(places_inside_a_text_are_places_of_the_file),
		TEST(places_are_exact_in_folded_and_quoted_texts),
		TEST(broken_text_is_refused_with_its_place),
		TEST(a_tab_gets_a_hint),
		TEST(duplicate_keys_are_refused_with_both_lines),
		TEST(anchors_aliases_tags_and_merges_are_refused),
		TEST(ceilings_hold),
		TEST(a_missing_file_is_not_found_and_a_folder_is_invalid),
		TEST(scalars_follow_the_core_schema),
		TEST(quoted_scalars_are_read_as_the_specification_says),
		TEST(what_is_written_reads_back_as_the_same_value),
		TEST(the_writer_is_pleasant_to_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
