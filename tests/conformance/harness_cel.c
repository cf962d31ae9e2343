// links: cel
/* SPDX-License-Identifier: MIT */
/*
 * Conformance cases of CEL: reads one case a line (as in cases.jsonl), prints {"id":..., "pass":..., "detail":...}
 * a line. The comparison is done here, by kind and value; an expected error is met by any error.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <whynow/cel.h>
#include <whynow/date.h>

struct binding { struct wn_str name; struct wn_value value; };
struct world {
	struct wn_arena *arena;
	struct cel_env *env;
	WN_VEC(struct wn_value) values; /* by variable number; ABSENT where nothing is bound */
};

/* --- NUL -------------------------------------------------------------------------------------------- */
/* Our JSON reader lets no NUL through, CEL does: an escaped NUL travels as U+10FFFE. */
static const char stand_in[] = "\xf4\x8f\xbf\xbe";

static void hide_nul(char *line, size_t n, struct wn_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (line[i] == '\\' && i + 1 < n && line[i + 1] == '\\') {
			wn_buf_add(out, line + i++, 2);
		} else if (n - i >= 6 && memcmp(line + i, "\\u0000", 6) == 0) {
			wn_buf_add(out, stand_in, 4);
			i += 5;
		} else {
			wn_buf_char(out, line[i]);
		}
	}
}

static struct wn_str show_nul(struct wn_arena *a, struct wn_str s)
{
	char *out = wn_arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		bool hit = s.n - i >= 4 && memcmp(s.p + i, stand_in, 4) == 0;

		out[n++] = hit ? 0 : s.p[i];
		i += hit ? 3 : 0;
	}
	return (struct wn_str){out, n};
}

/* --- values ------------------------------------------------------------------------------------------ */
static struct wn_value decode(struct wn_arena *a, struct wn_value neutral);

static struct wn_value decode_list(struct wn_arena *a, struct wn_value list)
{
	struct wn_value *out = WN_NEW_N(a, struct wn_value, list.n + 1);

	for (uint32_t i = 0; i < list.n; i++)
		out[i] = decode(a, list.list[i]);
	return wn_list(out, list.n);
}

static struct wn_value decode_map(struct wn_arena *a, struct wn_value pairs)
{
	struct wn_entry *out = WN_NEW_N(a, struct wn_entry, pairs.n + 1);

	for (uint32_t i = 0; i < pairs.n; i++)
		out[i] = (struct wn_entry){decode(a, pairs.list[i].list[0]), decode(a, pairs.list[i].list[1])};
	return wn_map(out, pairs.n);
}

static int base64_digit(char ch)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = ch ? strchr(digits, ch) : NULL;

	return at ? (int)(at - digits) : -1;
}

static struct wn_value decode_bytes(struct wn_arena *a, struct wn_str s)
{
	char *out = wn_arena_alloc(a, s.n + 4);
	size_t n = 0;
	uint32_t bits = 0;
	int have = 0;
	struct wn_value v;

	for (size_t i = 0; i < s.n && base64_digit(s.p[i]) >= 0; i++) {
		bits = bits << 6 | (uint32_t)base64_digit(s.p[i]);
		have += 6;
		if (have >= 8)
			out[n++] = (char)(bits >> (have -= 8));
	}
	v = wn_string((struct wn_str){out, n});
	v.kind = WN_BYTES;
	return v;
}

static struct wn_value decode_duration(const char *text)
{
	char *end;
	long long sec = strtoll(text, &end, 10);
	int32_t ns = 0, scale = 100000000;

	for (char *p = *end == '.' ? end + 1 : end; *p >= '0' && *p <= '9'; p++, scale /= 10)
		ns += (*p - '0') * scale;
	return (struct wn_value){.kind = WN_DURATION, .i = sec, .aux = text[0] == '-' ? -ns : ns};
}

static struct wn_value decode_timestamp(struct wn_str s)
{
	struct wn_value v = {.kind = WN_TIMESTAMP};

	(void)!wn_rfc3339_parse(s, &v.i, &v.aux);
	return v;
}

static struct wn_value decode(struct wn_arena *a, struct wn_value neutral)
{
	struct wn_str kind = wn_value_str(neutral.map[0].key);
	struct wn_value v = neutral.map[0].value;
	const char *text = v.kind == WN_STRING ? wn_arena_strdup(a, wn_value_str(v)) : "";

	if (wn_str_is(kind, "int"))
		return wn_int(strtoll(text, NULL, 10));
	if (wn_str_is(kind, "uint"))
		return wn_uint(strtoull(text, NULL, 10));
	if (wn_str_is(kind, "double"))
		return wn_double(strtod(text, NULL));
	if (wn_str_is(kind, "bytes"))
		return decode_bytes(a, wn_value_str(v));
	if (wn_str_is(kind, "list"))
		return decode_list(a, v);
	if (wn_str_is(kind, "map"))
		return decode_map(a, v);
	if (wn_str_is(kind, "timestamp"))
		return decode_timestamp(wn_value_str(v));
	if (wn_str_is(kind, "duration"))
		return decode_duration(text);
	if (wn_str_is(kind, "string"))
		return wn_string(show_nul(a, wn_value_str(v)));
	if (wn_str_is(kind, "type"))
		v.kind = WN_TYPE;
	return v;
}

static bool same(struct wn_value a, struct wn_value b);

static bool same_map(struct wn_value a, struct wn_value b)
{
	for (uint32_t i = 0; i < a.n; i++) {
		bool found = false;

		for (uint32_t j = 0; j < b.n && !found; j++)
			found = same(a.map[i].key, b.map[j].key) && same(a.map[i].value, b.map[j].value);
		if (!found)
			return false;
	}
	return a.n == b.n;
}

static bool same(struct wn_value a, struct wn_value b)
{
	if (a.kind != b.kind)
		return false;
	if (a.kind == WN_DOUBLE)
		return (isnan(a.d) && isnan(b.d)) || (a.d == b.d && signbit(a.d) == signbit(b.d));
	if (a.kind == WN_MAP)
		return same_map(a, b);
	if (a.kind != WN_LIST)
		return wn_value_eq(a, b);
	for (uint32_t i = 0; a.n == b.n && i < a.n; i++)
		if (!same(a.list[i], b.list[i]))
			return false;
	return a.n == b.n;
}

/* --- types ------------------------------------------------------------------------------------------- */
struct type_text { const char *p; };

static const struct cel_type *parse_type(struct world *w, struct type_text *t);

static void parse_params(struct world *w, struct type_text *t, struct cel_type *out)
{
	const struct cel_type **args = WN_NEW_N(w->arena, const struct cel_type *, 8);

	if (*t->p != '(')
		return;
	do {
		t->p++;
		while (*t->p == ' ')
			t->p++;
		args[out->n_args++] = parse_type(w, t);
	} while (*t->p == ',' && out->n_args < 8);
	t->p += *t->p == ')';
	out->args = args;
}

static const struct cel_type *parse_type(struct world *w, struct type_text *t)
{
	static const struct { const char *name; enum cel_type_kind kind; } names[] = {
		{"bool", CEL_BOOL}, {"int", CEL_INT}, {"uint", CEL_UINT}, {"double", CEL_DOUBLE}, {"string", CEL_STRING},
		{"bytes", CEL_BYTES}, {"null_type", CEL_NULL}, {"null", CEL_NULL}, {"dyn", CEL_DYN}, {"timestamp", CEL_TIMESTAMP},
		{"duration", CEL_DURATION}, {"list", CEL_LIST}, {"map", CEL_MAP}, {"optional_type", CEL_OPTIONAL}, {"type", CEL_TYPE},
	};
	struct cel_type *out = WN_NEW(w->arena, struct cel_type);
	size_t n = strcspn(t->p, "(),");
	const char *name = wn_arena_strdup(w->arena, (struct wn_str){t->p, n});

	t->p += n;
	if (n == 1 && name[0] >= 'A' && name[0] <= 'Z') {
		out->kind = CEL_PARAM;
		out->param = name[0] - 'A';
		return out;
	}
	parse_params(w, t, out);
	out->kind = CEL_OPAQUE;
	out->name = name;
	for (size_t i = 0; i < WN_COUNT(names); i++)
		if (strcmp(name, names[i].name) == 0)
			out->kind = names[i].kind;
	if (out->kind != CEL_OPAQUE && out->n_args) {
		out->key = out->kind == CEL_MAP ? out->args[0] : NULL;
		out->elem = out->args[out->n_args - 1];
		out->n_args = 0;
	}
	return out;
}

static const struct cel_type *type_of(struct world *w, struct wn_value text)
{
	struct type_text t = {wn_arena_strdup(w->arena, wn_value_str(text))};

	return parse_type(w, &t);
}

/* --- declarations ------------------------------------------------------------------------------------ */
static bool never_called(struct cel_call *call, const struct wn_value *args, size_t n, struct wn_value *out)
{
	(void)args;
	(void)n;
	(void)out;
	return cel_call_error(call, "declared for the checker only");
}

static void declare_function(struct world *w, const char *name, struct wn_value overloads)
{
	for (uint32_t i = 0; i < overloads.n; i++) {
		struct cel_overload *o = WN_NEW(w->arena, struct cel_overload);
		struct wn_value params = wn_value_at(overloads.list[i], "params");
		const struct cel_type **args = WN_NEW_N(w->arena, const struct cel_type *, params.n + 1);

		for (uint32_t p = 0; p < params.n; p++)
			args[p] = type_of(w, params.list[p]);
		*o = (struct cel_overload){.name = name, .args = args, .n_args = params.n, .fn = never_called, .variant_arg = -1};
		o->receiver = wn_value_at(overloads.list[i], "instance").b;
		o->result = type_of(w, wn_value_at(overloads.list[i], "result"));
		cel_env_function(w->env, o);
	}
}

static void declare_variable(struct world *w, const char *name, const struct cel_type *type, struct wn_value value)
{
	cel_env_variable(w->env, name, type);
	*WN_PUSH(w->arena, &w->values) = value;
}

static void declare(struct world *w, struct wn_value c)
{
	struct wn_value env = wn_value_at(c, "env"), bindings = wn_value_at(c, "bindings"), container = wn_value_at(c, "container");

	for (uint32_t i = 0; i < env.n && env.kind == WN_LIST; i++) {
		const char *name = wn_arena_strdup(w->arena, wn_value_str(wn_value_at(env.list[i], "name")));
		struct wn_value bound = bindings.kind == WN_MAP ? wn_value_at(bindings, name) : (struct wn_value){0};

		if (wn_value_at(env.list[i], "function").kind == WN_LIST)
			declare_function(w, name, wn_value_at(env.list[i], "function"));
		else
			declare_variable(w, name, type_of(w, wn_value_at(env.list[i], "type")), bound.kind ? decode(w->arena, bound) : bound);
	}
	for (uint32_t i = 0; bindings.kind == WN_MAP && i < bindings.n; i++) {
		bool declared = false;

		for (uint32_t k = 0; env.kind == WN_LIST && k < env.n; k++)
			declared |= wn_value_eq(wn_value_at(env.list[k], "name"), bindings.map[i].key);
		if (!declared)
			declare_variable(w, wn_arena_strdup(w->arena, wn_value_str(bindings.map[i].key)), &cel_dyn, decode(w->arena, bindings.map[i].value));
	}
	if (container.kind == WN_STRING)
		cel_env_container(w->env, wn_arena_strdup(w->arena, wn_value_str(container)));
}

static bool get(void *ctx, int var, struct wn_value *out)
{
	struct world *w = ctx;

	*out = w->values.v[var];
	return out->kind != WN_ABSENT;
}

/* --- one case ---------------------------------------------------------------------------------------- */
static void show(struct wn_buf *b, struct wn_value v)
{
	wn_buf_printf(b, "%s ", wn_kind_to_text(v.kind));
	wn_json_write(b, v);
}

static bool judge_value(struct world *w, const struct cel_program *p, struct wn_value expect, struct wn_buf *detail)
{
	struct cel_activation act = {.get = get, .ctx = w};
	struct wn_value want = wn_value_at(expect, "value");
	struct cel_result result;

	if (cel_eval(p, &act, w->arena, &result, NULL) != WN_OK)
		return false;
	if (result.unknown) {
		wn_buf_printf(detail, "error: %s", result.error);
		return wn_value_at(expect, "error").kind != WN_ABSENT;
	}
	show(detail, result.value);
	return want.kind == WN_MAP && same(result.value, decode(w->arena, want));
}

static bool judge(struct world *w, struct wn_value c, struct wn_buf *detail)
{
	struct wn_value expect = wn_value_at(c, "expect"), deduced = wn_value_at(expect, "deduced_type");
	struct cel_options opt = {.unchecked = wn_value_at(c, "disable_check").b, .no_macros = wn_value_at(c, "disable_macros").b};
	struct cel_program *p;
	struct wn_err err;
	char type[200];
	bool pass;

	if (cel_compile(w->env, show_nul(w->arena, wn_value_str(wn_value_at(c, "expr"))), &opt, &p, &err) != WN_OK) {
		wn_buf_printf(detail, "refused: %s", err.text);
		return wn_value_at(expect, "error").kind != WN_ABSENT;
	}
	if (deduced.kind == WN_STRING) {
		cel_type_to_text(cel_program_type(p), type, sizeof(type));
		wn_buf_printf(detail, "type %s", type);
		pass = wn_str_is(wn_value_str(deduced), type);
	} else {
		pass = judge_value(w, p, expect, detail);
	}
	cel_program_free(p);
	return pass;
}

static void run_line(char *line, size_t n)
{
	struct world w = {.arena = wn_arena_new(0), .env = cel_env_new()};
	struct wn_value c;
	struct wn_buf detail, out, fixed;
	struct wn_err err = {0};
	bool pass = false;

	wn_buf_init(&detail, 2000);
	wn_buf_init(&out, 8000);
	wn_buf_init(&fixed, n + 1);
	hide_nul(line, n, &fixed);
	(void)!cel_env_extension(w.env, "all", NULL);
	if (wn_json_parse(wn_buf_slice(&fixed), NULL, w.arena, &c, &err) == WN_OK) {
		declare(&w, c);
		pass = judge(&w, c, &detail);
	} else {
		c = wn_map(NULL, 0);
		wn_buf_printf(&detail, "the case is no JSON: %s", err.text);
	}
	wn_buf_text(&out, "{\"id\":");
	wn_json_write_string(&out, wn_value_str(wn_value_at(c, "id")));
	wn_buf_printf(&out, ",\"pass\":%s,\"detail\":", pass ? "true" : "false");
	wn_json_write_string(&out, wn_buf_slice(&detail));
	wn_buf_text(&out, "}\n");
	fwrite(out.p, 1, out.n, stdout);
	wn_buf_done(&detail);
	wn_buf_done(&fixed);
	wn_buf_done(&out);
	cel_env_free(w.env);
	wn_arena_free(w.arena);
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0)
		if (n > 1)
			run_line(line, (size_t)n);
	free(line);
	return 0;
}
