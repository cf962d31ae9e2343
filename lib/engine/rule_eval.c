/* SPDX-License-Identifier: MIT */
/*
 * Evaluating a rule for one account, signal and contact: the activation, and the three values of the answer.
 *
 * Whatever goes wrong in an evaluation, a ceiling included, is *unknown*: nothing here fails. Memory is the
 * scratch arena of the world; whoever starts from outside resets it first.
 */
#include "rule.h"

#include <stdio.h>

struct wn_value rule_signals(struct rule_host *h)
{
	if (h->have_signals)
		return h->signals;
	const struct wn_account *a = h->account;
	struct wn_value *list = WN_NEW_N(h->world->scratch, struct wn_value, a->signals.n ? a->signals.n : 1);
	size_t n = 0;
	for (size_t i = 0; i < a->signals.n; i++)
		if (!a->signals.v[i]->retracted)
			list[n++] = wn_object_value(&a->signals.v[i]->object);
	h->signals = wn_list(list, n);
	h->have_signals = true;
	return h->signals;
}

bool rule_signals_are_there(struct cel_call *call, const struct rule_host *h)
{
	return !h->glance || cel_call_error(call, "the account's signals are not loaded");
}

static bool give_object(const struct wn_object *o, struct wn_value *out)
{
	if (o)
		*out = wn_object_value(o);
	return o != NULL;
}

static bool get_variable(void *ctx, int var, struct wn_value *out)
{
	struct rule_host *h = ctx;
	switch ((enum wn_rule_var)var) {
	case WN_RULE_SIGNAL:
		return give_object(h->signal ? &h->signal->object : NULL, out);
	case WN_RULE_SIGNALS:
		if (h->glance)
			return false;
		*out = rule_signals(h);
		return true;
	case WN_RULE_ACCOUNT:
		return give_object(h->account ? &h->account->object : NULL, out);
	case WN_RULE_NOW:
		*out = wn_time_us(h->world->now_us);
		return true;
	case WN_RULE_CONTACT:
		return give_object(h->contact ? &h->contact->object : NULL, out);
	}
	return false;
}

static struct cel_activation activation_of(struct rule_host *h)
{
	return (struct cel_activation){.get = get_variable, .ctx = h, .host = h, .now_us = h->world->now_us};
}

/* A ceiling passed in an evaluation is unknown like any other error. */
static void unknown_of_err(const struct cel_program *p, const struct wn_err *err, struct cel_result *res)
{
	*res = (struct cel_result){.unknown = true, .next_change_us = INT64_MAX};
	res->where = res->clause = (struct cel_span){0, (uint32_t)cel_program_text(p).n};
	snprintf(res->error, sizeof(res->error), "%.190s", err->text);
}

static enum wn_three three_of(const struct cel_result *res)
{
	if (res->unknown || res->value.kind != WN_BOOL)
		return WN_UNKNOWN3;
	return res->value.b ? WN_TRUE3 : WN_FALSE3;
}

enum wn_three rule_eval(struct rule_host *h, const struct cel_program *p, struct cel_result *res)
{
	struct cel_activation act = activation_of(h);
	struct wn_err err = {0};
	h->moving = false;
	if (cel_eval(p, &act, h->world->scratch, res, &err))
		unknown_of_err(p, &err, res);
	return three_of(res);
}

enum wn_three rule_eval_moving(struct rule_host *h, const struct cel_program *p, struct cel_result *res)
{
	struct cel_activation act = activation_of(h);
	struct wn_err err = {0};
	h->moving = true;
	if (cel_eval_moving(p, &act, h->world->scratch, res, &err))
		unknown_of_err(p, &err, res);
	h->moving = false;
	return three_of(res);
}

void rule_eval_collect(struct rule_host *h, const struct cel_program *p, cel_collect_fn *cb, void *ctx)
{
	struct cel_activation act = activation_of(h);
	h->moving = false;
	enum wn_rc rc = cel_eval_collect(p, &act, h->world->scratch, cb, ctx, NULL);
	(void)rc; /* what was collected until then is evidence */
}

struct rule_host *rule_host_of(const struct cel_call *call)
{
	return cel_call_host(call);
}
