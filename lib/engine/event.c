/* SPDX-License-Identifier: MIT */
/*
 * Changes: every event of a campaign, of its members and touches takes the next gen; one gen, one history row, one
 * event. Here is decided which sinks get it, and what its data says. The store writes them; nothing is sent here.
 */
#include "engine_internal.h"
#include <fnmatch.h>
#include <stdio.h>

static bool sink_wants(const struct wn_sink_view *sink, const char *type)
{
	for (const char *const *p = sink->events; p && *p; p++)
		if (fnmatch(*p, type, FNM_NOESCAPE) == 0)
			return true;
	return false;
}

/* Shadow campaigns tell of themselves and of nothing else. touch.due goes to the sink of its channel (touch_decide.c). */
static const char *const *sinks_for(struct wn_world *w, const struct wn_campaign *c, const char *type)
{
	const struct wn_catalog *cat = w->catalog;
	const char **names = WN_NEW_N(w->arena, const char *, cat->n_sinks + 1);
	size_t n = 0;
	if (strcmp(type, "touch.due") == 0 || (c->shadow && strncmp(type, "campaign.", 9) != 0))
		return names;
	for (size_t i = 0; i < cat->n_sinks; i++)
		if (sink_wants(&cat->sinks[i], type))
			names[n++] = cat->sinks[i].name;
	return names;
}

struct wn_change *emit(struct wn_world *w, struct wn_campaign *c, const char *subject, const char *type)
{
	struct wn_change *ch = WN_NEW(w->arena, struct wn_change);
	c->gen++;
	c->dirty = true;
	char gen[24];
	int n = snprintf(gen, sizeof(gen), "%lld", (long long)c->gen);
	struct wn_str fields[] = {wn_id_bytes(&c->id), {gen, (size_t)n}};
	*ch = (struct wn_change){.campaign = c,
				 .step = -1,
				 .subject = subject,
				 .type = type,
				 .gen = c->gen,
				 .at_us = w->now_us,
				 .event_id = wn_id_of("event", fields, 2),
				 .sinks = sinks_for(w, c, type)};
	*WN_PUSH(w->arena, &w->changes) = ch;
	return ch;
}

struct wn_change *emit_member(struct wn_world *w, struct wn_member *m, const char *type)
{
	struct wn_change *ch = emit(w, m->campaign, "member", type);
	ch->account = m->account;
	ch->contact_id = m->contact_id;
	struct wn_map_builder data = member_data(w, m);
	ch->data = wn_map_end(&data);
	return ch;
}

struct wn_change *emit_touch(struct wn_world *w, struct wn_touch *t, const char *type, const char *from)
{
	struct wn_change *ch = emit(w, t->member->campaign, "touch", type);
	ch->account = t->member->account;
	ch->contact_id = t->member->contact_id;
	ch->step = t->step;
	ch->from = from;
	ch->to = wn_touch_state_to_text(t->state);
	ch->why = t->reason;
	struct wn_map_builder data = member_data(w, t->member);
	wn_map_set(&data, "step", wn_int(t->step + 1));
	wn_map_set(&data, "channel", wn_string(t->channel));
	if (t->reason.n)
		wn_map_set(&data, "reason", wn_string(t->reason));
	ch->data = wn_map_end(&data);
	return ch;
}

static struct wn_value id_value(struct wn_world *w, struct wn_id id)
{
	char *text = wn_arena_alloc(w->arena, 37);
	wn_id_to_text(id, text);
	return wn_cstring(text);
}

struct wn_map_builder campaign_data(struct wn_world *w, const struct wn_campaign *c)
{
	struct wn_map_builder m = wn_map_begin(w->arena);
	wn_map_set(&m, "campaign", id_value(w, c->id));
	wn_map_set(&m, "segment", wn_string(c->segment_name));
	wn_map_set(&m, "version", wn_int(c->version));
	if (c->shadow)
		wn_map_set(&m, "shadow", wn_bool(true));
	if (c->group.kind == WN_LIST && c->group.n)
		wn_map_set(&m, "group", c->group);
	return m;
}

static struct wn_value account_data(struct wn_world *w, const struct wn_account *a)
{
	struct wn_map_builder m = wn_map_begin(w->arena);
	wn_map_set(&m, "id", id_value(w, a->id));
	if (a->name.n)
		wn_map_set(&m, "name", wn_string(a->name));
	if (a->domain.n)
		wn_map_set(&m, "domain", wn_string(a->domain));
	return wn_map_end(&m);
}

static struct wn_value contact_data(struct wn_world *w, const struct wn_contact *c)
{
	struct wn_map_builder m = wn_map_begin(w->arena);
	wn_map_set(&m, "id", id_value(w, c->id));
	if (c->name.n)
		wn_map_set(&m, "name", wn_string(c->name));
	if (c->email.n)
		wn_map_set(&m, "email", wn_string(c->email));
	if (c->position.n)
		wn_map_set(&m, "position", wn_string(c->position));
	return wn_map_end(&m);
}

struct wn_value signal_data(struct wn_world *w, const struct wn_signal *s)
{
	struct wn_map_builder m = wn_map_begin(w->arena);
	wn_map_set(&m, "id", id_value(w, s->key));
	wn_map_set(&m, "kind", wn_cstring(wn_registry_kind(w->catalog->registry, s->kind)->name));
	wn_map_set(&m, "occurred_at", wn_time_us(s->occurred_us));
	if (s->headline.n)
		wn_map_set(&m, "headline", wn_string(s->headline));
	if (s->url.n)
		wn_map_set(&m, "url", wn_string(s->url));
	if (s->attrs.kind == WN_MAP && s->attrs.n)
		wn_map_set(&m, "attributes", s->attrs);
	return wn_map_end(&m);
}

struct wn_map_builder member_data(struct wn_world *w, const struct wn_member *m)
{
	struct wn_map_builder b = campaign_data(w, m->campaign);
	wn_map_set(&b, "account", account_data(w, m->account));
	const struct wn_contact *c = member_contact(m);
	if (c && !c->erased)
		wn_map_set(&b, "contact", contact_data(w, c));
	if (m->holdout)
		wn_map_set(&b, "holdout", wn_bool(true));
	return b;
}
