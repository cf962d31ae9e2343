/* SPDX-License-Identifier: MIT */
/* Values the conformance cases leave to us: times at their edges, numbers as text, days, evaluation in bulk. */
#include "fixture.h"

static void durations_are_as_protobuf(void **state)
{
	assert_verdict(*state, "string(duration('-1.5s')) == '-1.5s'", "true");
	assert_verdict(*state, "string(duration('1h2m3.004s')) == '3723.004s'", "true");
	assert_verdict(*state, "string(duration('-0.000000001s')) == '-0.000000001s'", "true");
	assert_verdict(*state, "duration('1s') - duration('1.5s') == duration('-500ms')", "true");
	assert_verdict(*state, "duration('1us') == duration('1000ns')", "true");
	assert_verdict(*state, "duration('1') == duration('1s')", "unknown");
	assert_verdict(*state, "duration('1d') == days(1)", "unknown");
	assert_verdict(*state, "duration('') == days(1)", "unknown");
	assert_verdict(*state, "duration('9999999999999h') == days(1)", "unknown");
	assert_verdict(*state, "days(1) == duration('24h') && weeks(2) == days(14) && days(0.5) == duration('12h')", "true");
	assert_verdict(*state, "days(9223372036854775807) > days(1)", "unknown");
	assert_verdict(*state, "duration('-90s').getSeconds() == -90 && duration('-90s').getMinutes() == -1", "true");
}

static void timestamps_reach_from_year_1_to_9999(void **state)
{
	assert_verdict(*state, "string(timestamp('0001-01-01T00:00:00Z')) == '0001-01-01T00:00:00Z'", "true");
	assert_verdict(*state, "timestamp('9999-12-31T23:59:59.999999999Z') + duration('1ns') > timestamp(0)", "unknown");
	assert_verdict(*state, "timestamp('1969-12-31T23:59:59.5Z').getMilliseconds() == 500", "true");
	assert_verdict(*state, "timestamp('1969-12-31T23:59:59.5Z') - timestamp(0) == duration('-0.5s')", "true");
	assert_verdict(*state, "timestamp('2024-02-29T00:00:00Z').getDayOfYear() == 59", "true");
	assert_verdict(*state, "timestamp('2023-02-29T00:00:00Z') > timestamp(0)", "unknown");
	assert_verdict(*state, "timestamp('2024-01-01T00:30:00+01:00') == timestamp('2023-12-31T23:30:00Z')", "true");
	assert_verdict(*state, "int(timestamp(-1)) == -1", "true");
}

static void zones_are_names_or_offsets(void **state)
{
	assert_verdict(*state, "timestamp('2024-07-01T12:00:00Z').getHours('Europe/Berlin') == 14", "true");
	assert_verdict(*state, "timestamp('2024-01-01T12:00:00Z').getHours('Europe/' + 'Berlin') == 13", "true");
	assert_verdict(*state, "timestamp('2024-01-01T12:00:00Z').getHours('Europe/' + (signal.kind == 'hire' ? 'x' : 'Berlin')) == 13", "true");
	assert_verdict(*state, "timestamp('2024-01-01T12:00:00Z').getMinutes('-01:30') == 30", "true");
	assert_verdict(*state, "timestamp('2024-01-01T12:00:00Z').getHours('Mars/Olympus') == 1", "unknown");
	assert_verdict(*state, "timestamp('2024-01-01T12:00:00Z').getHours('../etc/passwd') == 1", "unknown");
	assert_verdict(*state, "timestamp('2024-01-01T12:00:00Z').getHours('25:00') == 1", "unknown");
	assert_verdict(*state, "timestamp('2024-01-01T12:00:00Z').getHours('') == 1", "unknown");
}

static void numbers_read_back_as_they_are_printed(void **state)
{
	assert_verdict(*state, "string(0.1) == '0.1' && string(25000000.0) == '25000000' && string(-1.5e300) == '-1.5e+300'", "true");
	assert_verdict(*state, "string(1e-7) == '1e-07' && string(0.0001) == '0.0001' && double(string(1.0 / 3.0)) == 1.0 / 3.0", "true");
	assert_verdict(*state, "double('0x10') == 16.0", "unknown");
	assert_verdict(*state, "double('nan(1)') == 16.0", "unknown");
	assert_verdict(*state, "int('9223372036854775808') == 1", "unknown");
	assert_verdict(*state, "int('-9223372036854775808') < 0 && int('+7') == 7", "true");
	assert_verdict(*state, "int(' 7') == 7", "unknown");
	assert_verdict(*state, "uint('-1') == 1u", "unknown");
	assert_verdict(*state, "uint(-1) == 1u", "unknown");
	assert_verdict(*state, "-9223372036854775808 % -1 == 0", "unknown");
	assert_verdict(*state, "-9223372036854775808 / -1 == 0", "unknown");
	assert_verdict(*state, ".5 == 0.5 && [1, 2][.5 < 1.0 ? 1 : 0] == 2", "true");
}

static void strings_count_code_points(void **state)
{
	assert_verdict(*state, "size('aé😀') == 3 && 'aé😀'.charAt(2) == '😀' && 'aé😀'.charAt(3) == ''", "true");
	assert_verdict(*state, "'aé😀b'.substring(1, 3) == 'é😀' && 'aé😀b'.indexOf('b') == 3 && 'aé😀b'.lastIndexOf('é') == 1", "true");
	assert_verdict(*state, "'aé😀'.reverse() == '😀éa' && 'aé'.split('') == ['a', 'é']", "true");
	assert_verdict(*state, "'ab'.replace('', '-') == '-a-b-' && 'aaa'.replace('a', 'b', 2) == 'bba'", "true");
	assert_verdict(*state, "''.split('') == [] && ''.split(',') == [''] && 'a,b,'.split(',') == ['a', 'b', '']", "true");
	assert_verdict(*state, "'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'a'.split(',', 0) == []", "true");
	assert_verdict(*state, "'x'.substring(2) == ''", "unknown");
	assert_verdict(*state, "' \\t'.trim() == '' && ''.trim() == ''", "true");
	assert_verdict(*state, "base64.decode('YQ') == b'a' && base64.decode('YQ==') == b'a'", "true");
	assert_verdict(*state, "base64.decode('YQ=') == b'a'", "unknown");
	assert_verdict(*state, "base64.decode('Y!==') == b'a'", "unknown");
}

static void lists_and_sets(void **state)
{
	assert_verdict(*state, "[3, 1, 2].sort() == [1, 2, 3] && [[3, 'c'], [1, 'a']].sortBy(e, e[0])[0][1] == 'a'", "true");
	assert_verdict(*state, "[1, 'a'].sort() == []", "unknown");
	assert_verdict(*state, "[1, [2, [3]]].flatten() == [1, 2, [3]] && [1, [2, [3]]].flatten(2) == [1, 2, 3]", "true");
	assert_verdict(*state, "[1].flatten(-1) == []", "unknown");
	assert_verdict(*state, "[1, 1u, 1.0, 2].distinct() == [1, 2] && lists.range(3) == [0, 1, 2] && lists.range(0) == []", "true");
	assert_verdict(*state, "[1, 2, 3].slice(1, 3) == [2, 3] && [].slice(0, 0) == []", "true");
	assert_verdict(*state, "[1].slice(0, 2) == []", "unknown");
	assert_verdict(*state, "[1, 2].first().value() == 1 && [].last().hasValue() == false", "true");
	assert_verdict(*state, "sets.contains([1, 2, 3], dyn([2u])) && sets.intersects(['a'], ['b', 'a']) && sets.equivalent([1], [1, 1])", "true");
	assert_verdict(*state, "[optional.of(1), optional.none()].unwrapOpt() == [1]", "true");
	assert_verdict(*state, "optional.of(1).or(optional.of(1 / 0)).value() == 1 && optional.of(1).orValue(1 / 0) == 1", "true");
}

static void evaluation_of_an_ordinary_rule_takes_no_memory(void **state)
{
	struct world *w = *state;
	struct cel_activation act = activation(w);
	struct cel_program *p;
	struct cel_result r;
	size_t before;

	add(w, make_signal("a", "hire", DAY_US));
	assert_int_equal(compile(w, "signal.kind == 'funding' && signal.amount_usd >= 10e6 && signal.age < days(30)"
				    " && signals.exists(s, s.kind == 'hire') && signal.kind in ['funding', 'hire']", true, &p, NULL), WN_OK);
	before = wn_arena_used(w->arena);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(cel_eval(p, &act, w->arena, &r, NULL), WN_OK);
	assert_true(!r.unknown && r.value.b);
	assert_int_equal(wn_arena_used(w->arena), before);
	cel_program_free(p);
}

static void a_host_may_replace_a_function_of_ours(void **state)
{
	static const struct cel_type *const args[] = {&cel_int};
	static struct cel_overload mine = {.name = "days", .args = args, .n_args = 1, .result = &cel_bool, .fn = fn_broken, .variant_arg = -1};
	struct world *w = *state;

	cel_env_function(w->env, &mine);
	assert_string_equal(eval_text(w, "days(3)").error, "broken for 3");
	assert_int_equal(cel_env_extension(w->env, "days", NULL), WN_OK);
	assert_string_equal(eval_text(w, "days(3)").error, "broken for 3");
	assert_int_equal(cel_env_extension(w->env, "no such", NULL), WN_NOT_FOUND);
}

RUN(CASE(durations_are_as_protobuf), CASE(timestamps_reach_from_year_1_to_9999), CASE(zones_are_names_or_offsets),
    CASE(numbers_read_back_as_they_are_printed), CASE(strings_count_code_points), CASE(lists_and_sets),
    CASE(evaluation_of_an_ordinary_rule_takes_no_memory), CASE(a_host_may_replace_a_function_of_ours))
