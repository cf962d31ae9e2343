/* SPDX-License-Identifier: MIT */
/*
 * One evaluation: its budgets, how it fails, and the calls of the public header that start it.
 *
 * A failure is noted (node, static text, a detail) and only written out when it is the answer: most failures
 * are absorbed by && and ||, and missing attributes are everyday.
 */
#include "cel_internal.h"

#include <stdio.h>

/* --- failing ----------------------------------------------------------------------------------------- */
bool cel_fail_with(struct cel_run *r, const struct cel_node *at, const char *text, struct wn_value detail)
{
	r->fail.at = at;
	r->fail.text = text;
	r->fail.detail = detail;
	return false;
}

bool cel_fail(struct cel_run *r, const struct cel_node *at, const char *text)
{
	return cel_fail_with(r, at, text, (struct wn_value){0});
}

bool cel_no_overload(struct cel_run *r, const struct cel_node *at)
{
	return cel_fail_with(r, at, "no such overload", at->name.n ? wn_string(at->name) : (struct wn_value){0});
}

bool cel_charge(struct cel_run *r, const struct cel_node *at, uint64_t steps)
{
	if (!r->stopped && (uint64_t)r->steps >= steps) {
		r->steps -= (int64_t)steps;
		return true;
	}
	r->stopped = true;
	r->steps = 0;
	return cel_fail(r, at, r->why_stopped ? r->why_stopped : "the expression takes too many steps");
}

bool cel_out_of_memory(struct cel_run *r, const struct cel_node *at)
{
	r->stopped = true;
	r->why_stopped = "the expression needs too much memory";
	return cel_fail(r, at, r->why_stopped);
}

void *cel_take(struct cel_run *r, const struct cel_node *at, size_t bytes)
{
	void *p = NULL;

	bytes = (bytes + 15) & ~(size_t)15;
	if (bytes <= r->memory)
		p = wn_arena_try(r->arena, bytes ? bytes : 16);
	if (p) {
		r->memory -= bytes;
		return p;
	}
	cel_out_of_memory(r, at);
	return NULL;
}

static void write_failure(const struct cel_fail *f, char *dst, size_t size)
{
	struct wn_buf b;

	if (!f->detail.kind) {
		snprintf(dst, size, "%s", f->text);
		return;
	}
	wn_buf_init(&b, size);
	wn_buf_printf(&b, "%s: ", f->text);
	if (f->detail.kind == WN_STRING)
		wn_buf_str(&b, wn_value_str(f->detail));
	else
		cel_literal_print(&b, f->detail);
	snprintf(dst, size, "%s", b.p ? b.p : "");
	wn_buf_done(&b);
}

/* The top-level term around a position: of &&, and of || within it. */
static struct cel_span clause_of(const struct cel_node *root, struct cel_span where)
{
	bool and_seen = false;

	while ((root->kind == CEL_NODE_AND && !and_seen) || root->kind == CEL_NODE_OR) {
		const struct cel_node *next = NULL;

		and_seen = true;
		for (uint32_t i = 0; i < root->n_args && !next; i++)
			if (root->args[i]->span.start <= where.start && where.end <= root->args[i]->span.end)
				next = root->args[i];
		if (!next)
			break;
		root = next;
	}
	return root->span;
}

/* --- running ----------------------------------------------------------------------------------------- */
#define SLOTS_INLINE 16
/* start() sets what is read before it is written: clearing all of it would cost more than a short rule. */

static bool start(struct cel_run *r, const struct cel_program *p, const struct cel_activation *act, struct wn_arena *a, enum cel_mode mode)
{
	r->env = p->env;
	r->act = act;
	r->arena = a;
	r->mode = mode;
	r->stopped = false;
	r->why_stopped = NULL;
	r->steps = WN_CEL_STEPS_MAX;
	r->memory = WN_CEL_MEMORY_MAX;
	r->depth = 0;
	r->next_change_us = INT64_MAX;
	r->collecting = mode == MODE_COLLECT;
	r->clause = (struct cel_span){0};
	memset(&r->pending, 0, sizeof(r->pending));
	r->fail = (struct cel_fail){0};
	r->have = 0;
	if (p->n_slots > SLOTS_INLINE) {
		r->slots = cel_take(r, p->root, sizeof(struct wn_value) * (size_t)p->n_slots);
		return r->slots != NULL;
	}
	return true;
}

static void finish(struct cel_run *r, const struct cel_program *p, bool known, struct wn_value v, struct cel_result *out)
{
	out->unknown = !known;
	out->next_change_us = r->next_change_us;
	out->steps = (uint32_t)(WN_CEL_STEPS_MAX - r->steps);
	out->error[0] = 0;
	out->where = out->clause = (struct cel_span){0};
	if (known) {
		if (v.kind == WN_TIMESTAMP || v.kind == WN_DURATION || v.kind == WN_DOUBLE)
			v.flags = 0, v.tag = 0;
		if (v.kind == WN_DOUBLE)
			v.n = 0;
		out->value = v;
		return;
	}
	out->value = (struct wn_value){0};
	write_failure(&r->fail, out->error, sizeof(out->error));
	out->where = r->fail.at->span;
	out->clause = clause_of(p->root, out->where);
}

static void evaluate(const struct cel_program *p, const struct cel_activation *act, struct wn_arena *a, enum cel_mode mode, struct cel_result *out)
{
	struct wn_value slots[SLOTS_INLINE] WN_UNINITIALIZED, v;
	struct cel_run r WN_UNINITIALIZED;
	bool known;

	r.slots = slots;
	known = start(&r, p, act, a, mode) && p->root->eval(&r, p->root, &v);
	finish(&r, p, known, known ? v : wn_null(), out);
}

enum wn_rc cel_eval(const struct cel_program *p, const struct cel_activation *act, struct wn_arena *a, struct cel_result *out, struct wn_err *err)
{
	(void)err;
	evaluate(p, act, a, MODE_PLAIN, out);
	return WN_OK;
}

enum wn_rc cel_eval_moving(const struct cel_program *p, const struct cel_activation *act, struct wn_arena *a, struct cel_result *out, struct wn_err *err)
{
	(void)err;
	evaluate(p, act, a, p->moving ? MODE_MOVING : MODE_PLAIN, out);
	return WN_OK;
}

/* One element is told once for each clause. */
static bool told_before(const struct cel_run *r, size_t i)
{
	const struct cel_pending *p = r->pending.v;

	for (size_t j = 0; j < i; j++)
		if (p[j].element == p[i].element && p[j].clause.start == p[i].clause.start && p[j].clause.end == p[i].clause.end)
			return true;
	return false;
}

enum wn_rc cel_eval_collect(const struct cel_program *p, const struct cel_activation *act, struct wn_arena *a,
			    cel_collect_fn *cb, void *ctx, struct wn_err *err)
{
	struct wn_value slots[SLOTS_INLINE] WN_UNINITIALIZED, v;
	struct cel_run r WN_UNINITIALIZED;

	r.slots = slots;
	if (!start(&r, p, act, a, MODE_COLLECT))
		return wn_fail(err, WN_LIMIT, "%s", r.fail.text);
	if (p->root->kind != CEL_NODE_AND && p->root->kind != CEL_NODE_OR)
		r.clause = p->root->span;
	if (!p->root->eval(&r, p->root, &v) || v.kind != WN_BOOL || !v.b)
		return r.stopped ? wn_fail(err, WN_LIMIT, "%s", r.fail.text) : WN_OK;
	for (size_t i = 0; i < r.pending.n; i++)
		if (!told_before(&r, i))
			cb(ctx, r.pending.v[i].element, r.pending.v[i].clause);
	return WN_OK;
}

/* --- host functions ---------------------------------------------------------------------------------- */
struct cel_call { struct cel_run *run; const struct cel_node *node; };

void *cel_call_host(const struct cel_call *call) { return call->run->act->host; }
struct wn_arena *cel_call_arena(const struct cel_call *call) { return call->run->arena; }
int64_t cel_call_now_us(const struct cel_call *call) { return call->run->act->now_us; }
bool cel_call_is_collecting(const struct cel_call *call) { return call->run->collecting; }

bool cel_call_charge(struct cel_call *call, uint64_t steps) { return cel_charge(call->run, call->node, steps); }

bool cel_call_error(struct cel_call *call, const char *fmt, ...)
{
	char text[200], *copy;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	copy = cel_take(call->run, call->node, strlen(text) + 1);
	if (!copy)
		return false;
	memcpy(copy, text, strlen(text) + 1);
	return cel_fail(call->run, call->node, copy);
}

void cel_call_collect(struct cel_call *call, const struct wn_object *element)
{
	cel_collect_object(call->run, wn_object_value(element));
}

void cel_call_next_change(struct cel_call *call, int64_t at_us)
{
	if (at_us > call->run->act->now_us && at_us < call->run->next_change_us)
		call->run->next_change_us = at_us;
}

/* What a host function took of the arena: nobody stopped it, but it does not get as much again. */
static bool count_memory(struct cel_run *r, const struct cel_node *n, size_t bytes)
{
	if (bytes > r->memory)
		return cel_out_of_memory(r, n);
	r->memory -= bytes;
	return true;
}

static bool call_host(struct cel_run *r, const struct cel_node *n, const struct cel_overload *host, const struct wn_value *args, struct wn_value *out)
{
	struct cel_call call = {r, n};
	size_t used = wn_arena_used(r->arena);

	r->fail.text = NULL;
	bool gave = host->fn(&call, args, n->n_args, out);
	if (!count_memory(r, n, wn_arena_used(r->arena) - used))
		return false;
	if (!gave)
		return r->fail.text && r->fail.at == n ? false : cel_fail(r, n, "the function gave no value");
	if (r->mode == MODE_MOVING && host->moving)
		return cel_fail(r, n, "depends on time");
	return true;
}

/* Tries the overloads in order by the kinds the arguments really have. */
bool cel_eval_dispatch(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value args[16];

	for (uint32_t i = 0; i < n->n_args; i++)
		if (!n->args[i]->eval(r, n->args[i], &args[i]))
			return false;
	if (!cel_charge(r, n, 1))
		return false;
	for (uint32_t o = 0; o < n->call.n_overloads; o++) {
		const struct cel_fn_overload *f = n->call.overloads[o];
		bool fits = true;

		for (uint32_t i = 0; i < n->n_args && fits; i++)
			fits = cel_value_matches_type(args[i], f->args[i]);
		if (fits)
			return f->host ? call_host(r, n, f->host, args, out) : f->native(r, n, args, out);
	}
	return cel_no_overload(r, n);
}
