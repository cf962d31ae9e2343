/* SPDX-License-Identifier: MIT */
/* The read-only view of the checked tree, parts of programs, canonical text. */
#include "fixture.h"

static struct cel_program *must_compile(struct world *w, const char *text)
{
	struct cel_program *p;
	struct wn_err err;

	if (compile(w, text, false, &p, &err) != WN_OK)
		fail_msg("%s: %s", text, err.text);
	return p;
}

static void assert_canonical(struct world *w, const char *text, const char *expect)
{
	struct cel_program *p = must_compile(w, text), *again;
	struct wn_buf b, c;

	wn_buf_init(&b, 4096);
	wn_buf_init(&c, 4096);
	cel_program_canonical(p, &b);
	assert_string_equal(b.p, expect);
	again = must_compile(w, b.p);
	cel_program_canonical(again, &c);
	assert_string_equal(c.p, expect);
	cel_program_free(p);
	cel_program_free(again);
	wn_buf_done(&b);
	wn_buf_done(&c);
}

static void canonical_text_has_one_spelling_and_reads_back(void **state)
{
	assert_canonical(*state, "signal.kind=='hire'&&( signal.age<days( 3 ) )", "signal.kind == \"hire\" && signal.age < days(3)");
	assert_canonical(*state, "(1+2)*3 == 9 ? 'a' : (true ? 'b' : 'c')", "(1 + 2) * 3 == 9 ? \"a\" : true ? \"b\" : \"c\"");
	assert_canonical(*state, "(true || false) && true", "(true || false) && true");
	assert_canonical(*state, "(true && false) && true || false", "true && false && true || false");
	assert_canonical(*state, "1 - (2 - 3)", "1 - (2 - 3)");
	assert_canonical(*state, "!(!true)", "!!true");
	assert_canonical(*state, "-(1) - -1", "-1 - -1");
	assert_canonical(*state, "signals . exists ( s , s.kind in ['hire'] )", "signals.exists(s, s.kind in [\"hire\"])");
	assert_canonical(*state, "has( account.`a-b` )", "has(account.`a-b`)");
	assert_canonical(*state, "account.?a[?0].orValue(1u)", "account.?a[?0].orValue(1u)");
	assert_canonical(*state, "{'a':1.0,?'b':optional.none()}", "{\"a\": 1.0, ?\"b\": optional.none()}");
	assert_canonical(*state, "cel.bind(x,1,x+1)", "cel.bind(x, 1, x + 1)");
	assert_canonical(*state, "'a\\n\"' + r'\\d'", "\"a\\n\\\"\" + \"\\\\d\"");
	assert_canonical(*state, ".signal.kind=='hire'", "signal.kind == \"hire\"");
	assert_canonical(*state, "[1].exists(signal, .signal.kind=='hire')", "[1].exists(signal, .signal.kind == \"hire\")");
	assert_canonical(*state, "math.greatest(1,2)", "math.greatest(1, 2)");
}

static void the_tree_shows_what_an_index_needs(void **state)
{
	struct world *w = *state;
	struct cel_program *p = must_compile(w, "signal.kind == \"funding\" && 5.0 <= signal.amount_usd && signal.round in [\"Seed\", \"Series A\"]"
						" && signal.age < days(3) && signals.exists(s, s.kind == \"hire\")");
	struct cel_node_view root = cel_node_look(cel_program_root(p)), term, part;

	assert_int_equal(root.kind, CEL_NODE_AND);
	assert_int_equal(root.n_args, 5);
	assert_true(root.moving);
	term = cel_node_look(root.args[0]);
	assert_int_equal(term.kind, CEL_NODE_CALL);
	assert_true(wn_str_is(term.name, "_==_"));
	assert_false(term.moving);
	part = cel_node_look(term.args[0]);
	assert_int_equal(part.kind, CEL_NODE_SELECT);
	assert_int_equal(part.field->number, F_KIND);
	assert_int_equal(cel_node_look(part.args[0]).variable, VAR_SIGNAL);
	assert_true(wn_str_is(wn_value_str(cel_node_look(term.args[1]).literal), "funding"));
	term = cel_node_look(root.args[2]);
	assert_true(wn_str_is(term.name, "@in"));
	assert_int_equal(cel_node_look(term.args[1]).literal.n, 2);
	term = cel_node_look(root.args[3]);
	assert_true(term.moving);
	assert_int_equal(cel_node_look(term.args[1]).literal.kind, WN_DURATION);
	term = cel_node_look(root.args[4]);
	assert_int_equal(term.kind, CEL_NODE_COMPREHENSION);
	assert_true(wn_str_is(term.name, "exists"));
	assert_int_equal(cel_node_look(cel_node_look(cel_node_look(term.args[1]).args[0]).args[0]).variable, -1);
	cel_program_free(p);
}

static void a_part_is_a_program_of_its_own(void **state)
{
	struct world *w = *state;
	struct cel_program *p = must_compile(w, "signal.kind == \"hire\" && signals.exists(s, s.kind == \"hire\")"), *part;
	struct cel_node_view root = cel_node_look(cel_program_root(p)), loop = cel_node_look(root.args[1]);
	struct cel_activation act = activation(w);
	struct cel_result r;
	struct wn_err err;

	assert_int_equal(cel_program_part(p, root.args[0], &part, &err), WN_OK);
	assert_int_equal(cel_eval(part, &act, w->arena, &r, NULL), WN_OK);
	assert_false(r.unknown);
	assert_false(r.value.b);
	cel_program_free(part);
	assert_int_equal(cel_program_part(p, root.args[1], &part, &err), WN_OK);
	assert_int_equal(cel_eval(part, &act, w->arena, &r, NULL), WN_OK);
	assert_false(r.unknown);
	cel_program_free(part);
	assert_int_equal(cel_program_part(p, loop.args[1], &part, &err), WN_INVALID);
	cel_program_free(p);
}

static void constants_are_folded_once(void **state)
{
	struct world *w = *state;
	struct cel_program *p = must_compile(w, "days(2) + days(3)");
	struct cel_node_view root = cel_node_look(cel_program_root(p));

	assert_int_equal(root.kind, CEL_NODE_LITERAL);
	assert_int_equal(root.literal.i, 5 * 86400);
	cel_program_free(p);
	p = must_compile(w, "1 / 0");
	assert_int_equal(cel_node_look(cel_program_root(p)).kind, CEL_NODE_CALL);
	cel_program_free(p);
	p = must_compile(w, "broken(1)");
	assert_int_equal(cel_node_look(cel_program_root(p)).kind, CEL_NODE_CALL);
	cel_program_free(p);
}

static void types_have_a_text(void **state)
{
	struct world *w = *state;
	static const char *const cases[][2] = {
		{"[1]", "list(int)"}, {"{'a': [1.0]}", "map(string, list(double))"}, {"signals", "list(signal)"}, {"[]", "list(dyn)"},
		{"[1, 'a']", "list(dyn)"}, {"optional.of(1u)", "optional_type(uint)"}, {"signal.age", "duration"}, {"int", "type(int)"},
		{"signals.map(s, s.kind)", "list(string)"}, {"[[1], []]", "list(list(int))"}, {"account.x", "dyn"},
	};
	char text[100];

	for (size_t i = 0; i < WN_COUNT(cases); i++) {
		struct cel_program *p = must_compile(w, cases[i][0]);

		cel_type_to_text(cel_program_type(p), text, sizeof(text));
		assert_string_equal(text, cases[i][1]);
		cel_program_free(p);
	}
}

RUN(CASE(canonical_text_has_one_spelling_and_reads_back), CASE(the_tree_shows_what_an_index_needs), CASE(a_part_is_a_program_of_its_own),
    CASE(constants_are_folded_once), CASE(types_have_a_text))
