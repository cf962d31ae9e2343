// links: feed
/* SPDX-License-Identifier: MIT */
/*
 * The daemon's polling policy on a virtual clock over a trace of feeds (../shared/pollbench: its README has the format); no network, no store.
 *   schedule TRACE --requests N   a request's price is sought that spends about N requests in all; prints {"feed": ..., "at": [...]} lines
 *   schedule TRACE                at the usual price
 * Of an item the policy sees what a request after its publication shows it. On standard error: the price, and the longest wait.
 */
#include <whynow/arena.h>
#include <whynow/schedule.h>
#include <whynow/value.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)

struct outage { int64_t from, to; bool told; };
struct feed {
	struct wn_str name;
	int64_t from, to, *published;
	bool *signal;
	size_t items, outages;
	struct outage *outage;
	struct wn_http_hints http;
	struct wn_feed_hints hints;
};
struct trace { struct feed *v; size_t n; };
struct ran { int64_t requests, longest_us; };

static size_t length(struct wn_value list) { return list.kind == WN_LIST ? list.n : 0; }
static struct wn_value at(struct wn_value list, size_t i) { return i < length(list) ? list.list[i] : (struct wn_value){0}; }
static int64_t number(struct wn_value map, const char *key, int64_t none)
{
	struct wn_value v = wn_value_at(map, key);
	return v.kind == WN_INT ? v.i : none;
}

static void read_hints(struct feed *f, struct wn_value hints)
{
	int64_t max_age = number(hints, "max_age", -1), ttl = number(hints, "ttl", -1);
	struct wn_value skip = wn_value_at(hints, "skip_hours");

	f->http = wn_http_hints_none();
	f->hints = wn_feed_hints_none();
	f->http.max_age_us = max_age >= 0 ? max_age * SECOND : -1;
	f->hints.ttl_us = ttl >= 0 ? ttl * 60 * SECOND : -1;
	for (size_t i = 0; i < length(skip); i++)
		f->hints.skip_hours |= UINT32_C(1) << (at(skip, i).i % 24);
}

static void read_feed(struct feed *f, struct wn_value v, struct wn_arena *a)
{
	struct wn_value published = wn_value_at(v, "published"), signal = wn_value_at(v, "signal"), outages = wn_value_at(v, "outages");

	*f = (struct feed){.name = wn_value_str(wn_value_at(v, "feed")), .from = number(v, "from", 0) * SECOND, .to = number(v, "to", 0) * SECOND,
			   .items = length(published), .outages = length(outages)};
	f->published = WN_NEW_N(a, int64_t, f->items + 1);
	f->signal = WN_NEW_N(a, bool, f->items + 1);
	f->outage = WN_NEW_N(a, struct outage, f->outages + 1);
	for (size_t i = 0; i < f->items; i++) {
		f->published[i] = at(published, i).i * SECOND;
		f->signal[i] = at(signal, i).i;
	}
	for (size_t i = 0; i < f->outages; i++) {
		struct wn_value o = at(outages, i);
		struct wn_str kind = wn_value_str(at(o, 2));
		f->outage[i] = (struct outage){at(o, 0).i * SECOND, at(o, 1).i * SECOND, wn_str_is(kind, "error") || wn_str_is(kind, "timeout")};
	}
	read_hints(f, wn_value_at(v, "hints"));
}

static bool read_trace(const char *path, struct wn_arena *a, struct trace *out)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t room = 0, most = 0;
	struct wn_value v;
	struct wn_err err = {0};

	for (ssize_t n; f && (n = getline(&line, &room, f)) > 0;) {
		if (wn_json_parse((struct wn_str){line, (size_t)n}, NULL, a, &v, &err)) {
			fprintf(stderr, "schedule: %s: %s\n", path, err.text);
			exit(1);
		}
		if (out->n == most) {
			most = most ? 2 * most : 512;
			struct feed *more = WN_NEW_N(a, struct feed, most);
			if (out->n)
				memcpy(more, out->v, out->n * sizeof(*more));
			out->v = more;
		}
		read_feed(&out->v[out->n++], v, a);
	}
	free(line);
	if (f)
		fclose(f);
	return f != NULL;
}

static const struct outage *outage_at(const struct feed *f, int64_t now)
{
	for (size_t i = 0; i < f->outages; i++)
		if (now >= f->outage[i].from && now < f->outage[i].to)
			return &f->outage[i];
	return NULL;
}

/* What a request at `now` brings; `seen` items were shown before. */
static struct wn_poll ask(const struct feed *f, int64_t now, size_t *seen)
{
	struct wn_poll p = {.outcome = WN_POLL_NOT_MODIFIED, .http = f->http, .feed = f->hints, .published_us = f->published + *seen};
	const struct outage *o = outage_at(f, now);

	if (o) {
		p.outcome = o->told ? WN_POLL_SERVER : WN_POLL_NOT_MODIFIED;
		return p;
	}
	for (; *seen < f->items && f->published[*seen] <= now; ++*seen) {
		p.outcome = WN_POLL_ITEMS;
		p.new_items++;
		p.signals += f->signal[*seen];
	}
	p.published_n = (size_t)p.new_items;
	return p;
}

/* The poller is asked at whole seconds, as the trace counts. */
static struct ran run_feed(const struct feed *f, uint64_t seed, const struct wn_schedule_config *config, bool print)
{
	struct wn_schedule_state state = {0};
	struct wn_rhythm rhythm = {0};
	struct ran ran = {0};
	size_t seen = 0;
	int64_t now = wn_schedule_first(&state, 0, f->from, 3600 * SECOND, seed);

	if (print)
		printf("{\"feed\":\"" WN_STR_FMT "\",\"at\":[", WN_STR_ARG(f->name));
	while (now < f->to) {
		now = (now + SECOND - 1) / SECOND * SECOND;
		if (print)
			printf("%s%lld", ran.requests ? "," : "", (long long)(now / SECOND));
		struct wn_poll poll = ask(f, now, &seen);
		struct wn_next_poll next = wn_schedule_next(&state, &rhythm, config, &poll, now, seed);
		ran.requests++;
		ran.longest_us = next.next_us - now > ran.longest_us ? next.next_us - now : ran.longest_us;
		now = next.next_us;
	}
	if (print)
		puts("]}");
	return ran;
}

static struct ran run(const struct trace *t, double price, bool print)
{
	struct wn_schedule_config config = {.price = price};
	struct ran all = {0};

	for (size_t i = 0; i < t->n; i++) {
		struct ran r = run_feed(&t->v[i], i * UINT64_C(0x9E3779B97F4A7C15) + 1, &config, print);
		all.requests += r.requests;
		all.longest_us = r.longest_us > all.longest_us ? r.longest_us : all.longest_us;
	}
	return all;
}

/* Requests go about with the root of the price. */
static double price_for(const struct trace *t, int64_t requests)
{
	double low = 1e-3, high = 1e9, price = 150;

	for (int i = 0; i < 14; i++) {
		int64_t n = run(t, price, false).requests;
		if (llabs(n - requests) * 1000 <= requests)
			break;
		*(n > requests ? &low : &high) = price;
		double guess = price * pow((double)n / (double)requests, 2.2);
		price = guess > low && guess < high ? guess : sqrt(low * high);
	}
	return price;
}

int main(int argc, char **argv)
{
	struct trace t = {0};
	struct wn_arena *a = wn_arena_new(0);
	bool wants = argc == 4 && strcmp(argv[2], "--requests") == 0;

	if ((argc != 2 && !wants) || !read_trace(argv[1], a, &t)) {
		fprintf(stderr, "usage: schedule TRACE [--requests N]   (%s)\n", argc > 1 ? argv[1] : "no trace");
		return 2;
	}
	double price = wants ? price_for(&t, (int64_t)strtod(argv[3], NULL)) : 0;
	struct ran all = run(&t, price, true);
	fprintf(stderr, "schedule price %.1f requests %lld longest-wait-h %.1f\n", price, (long long)all.requests, (double)all.longest_us / 3.6e9);
	wn_arena_free(a);
	return 0;
}
