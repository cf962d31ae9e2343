// links: store
/* SPDX-License-Identifier: MIT */
/*
 * Items a second through the extraction of news and the resolution of whose they are, against a bare pass of the same triggers over
 * the same texts, in one run. tests/bench/extract makes the database and calls this.
 *
 *   bench_extract [--database CONNINFO] [ITEMS.jsonl ...]   texts of {"text": "headline\nbody"}; none: invented ones
 *
 * Prints `extract NAME VALUE` lines: rates, their ratio, cost by length and by number of patterns. Time is that of the processor: ours
 * and that of the server's session, added up, as if both shared one core. Without a database names are only normalised.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <whynow/clock.h>
#include <whynow/limits.h>
#include <whynow/regex.h>
#include <whynow/store.h>

enum { TURNS = 25, ROUNDS = 10, TEXTS = 4096, BATCH = 500 /* batch.items of whynowd */, MORE = 120 /* as many as are shipped */ };

struct item { struct wn_str headline, body; bool none; };
struct items { struct item v[TEXTS]; size_t n; };

/* Processor seconds: ours, the server's session's. */
struct spent { double ours, server; };

/* Whom the news are about is asked of this database; store NULL: nobody. */
struct ground { struct wn_pg *pg; struct wn_store *store; clockid_t server; };

static void die(const char *what, const struct wn_err *err)
{
	fprintf(stderr, "bench_extract: %s: %s\n", what, err ? err->text : "");
	exit(2);
}

static double seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct spent spent_by(const struct ground *g)
{
	return (struct spent){seconds(CLOCK_PROCESS_CPUTIME_ID), g && g->store ? seconds(g->server) : 0};
}

static double both(struct spent s) { return s.ours + s.server; }

static struct spent least(struct spent a, struct spent b) { return both(b) < both(a) ? b : a; }

static struct spent since(struct spent from, const struct ground *g)
{
	struct spent now = spent_by(g);
	return (struct spent){(now.ours - from.ours) / ROUNDS, (now.server - from.server) / ROUNDS};
}

static void connect_to(struct ground *g, const char *conninfo)
{
	static const struct wn_stmt who = {.name = "bench_pid", .sql = "SELECT pg_backend_pid()"};
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
	struct wn_err err = {0};

	g->pg = wn_pg_new(NULL, conninfo, "bench_extract");
	if (wn_pg_connect(g->pg, 10000, &err) || wn_pg_exec(g->pg, &who, WN_NO_PARAMS, &r, &err))
		die("connecting", &err);
	if (clock_getcpuclockid((pid_t)wn_pg_get_int(&r, 0, 0), &g->server))
		die("the clock of the server's session", NULL);
	g->store = wn_store_new(g->pg, NULL);
	if (wn_store_begin(g->store, &err)) /* resolving reads; transactions are of storing */
		die("beginning", &err);
}

static void add(struct items *items, struct wn_str text, bool none, struct wn_arena *a)
{
	const char *line = memchr(text.p, '\n', text.n);
	struct wn_str headline = {text.p, line ? (size_t)(line - text.p) : text.n};

	if (items->n < TEXTS)
		items->v[items->n++] = (struct item){wn_arena_str(a, headline), wn_arena_str(a, (struct wn_str){text.p + headline.n, text.n - headline.n}), none};
}

static void read_file(struct items *items, const char *path, struct wn_arena *a)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while (f && (n = getline(&line, &cap, f)) > 0) {
		struct wn_value v;
		if (wn_json_parse((struct wn_str){line, (size_t)n}, NULL, a, &v, NULL) == WN_OK)
			add(items, wn_value_str(wn_value_at(v, "text")), wn_str_is(wn_value_str(wn_value_at(v, "kind")), "none"), a);
	}
	free(line);
	if (f)
		fclose(f);
}

/* What the daemon does with a batch of items until it knows whose they are. */
struct batch {
	struct wn_arena *arena, *scratch;
	struct wn_sighting sightings[BATCH * WN_NEWS_SIGNALS_MAX];
	size_t n, linked;
};

static void read_item(struct batch *b, const struct wn_news *news, const struct item *item, size_t number)
{
	struct wn_news_signal s[WN_NEWS_SIGNALS_MAX];
	size_t n = wn_news_read(news, item->headline, item->body, b->arena, s, NULL);
	for (size_t j = 0; j < n; j++) {
		struct wn_str id = {(const char *)&item->headline.p, sizeof(item->headline.p)};
		b->sightings[b->n++] = (struct wn_sighting){
		    .key = wn_sighting_key(WN_STR("bench"), id, (int)number), .feed = WN_STR("bench"), .kind = -1, .headline = item->headline,
		    .account = {.name = s[j].company, .name_key = wn_name_normalise(s[j].company, b->arena), .in_text = true}};
	}
}

static void resolve(struct batch *b, const struct ground *g)
{
	struct wn_catalog catalog = {0};
	struct wn_err err = {0};
	struct wn_world *w = wn_world_new(b->arena, b->scratch, &catalog, INT64_C(1790000000) * WN_SECOND, "bench");
	struct wn_intake in = {.sightings = b->sightings, .n = b->n, .create = true};

	if (wn_store_resolve(g->store, w, &in, &err))
		die("resolving", &err);
	for (size_t i = 0; i < b->n; i++)
		b->linked += in.rows[i].how == WN_INTAKE_NEW && !in.rows[i].link.made;
}

static void one_round(struct batch *b, const struct wn_news *news, const struct items *items, const struct ground *g, size_t *found)
{
	for (size_t from = 0; from < items->n; from += BATCH) {
		b->n = 0;
		for (size_t i = from; i < items->n && i < from + BATCH; i++)
			read_item(b, news, &items->v[i], i);
		*found += b->n;
		if (g->store && b->n)
			resolve(b, g);
		wn_arena_reset(b->arena);
		wn_arena_reset(b->scratch);
	}
}

/* One way of going over the texts: a bare pass of a RE2::Set, or the whole of it, with or without the database. */
struct way {
	const struct wn_news *news;
	struct cel_regex_set *pass; /* NULL: the whole */
	const struct ground *ground;
	struct spent least;
	size_t found, linked;
};

static struct cel_regex_set *set_of(const struct wn_news *news, struct wn_arena *a)
{
	const char **triggers;
	size_t n = wn_news_triggers(news, a, &triggers), bad;
	char why[200];
	struct cel_regex_set *set = cel_regex_set_new(triggers, n, &bad, why, sizeof(why));

	if (!set)
		die(why, NULL);
	return set;
}

static void pass(struct cel_regex_set *set, const struct items *items)
{
	bool hits[WN_NEWS_LISTS_MAX];

	for (size_t i = 0; i < items->n; i++) {
		(void)cel_regex_set_search(set, items->v[i].headline.p, items->v[i].headline.n, hits);
		if (items->v[i].body.n)
			(void)cel_regex_set_search(set, items->v[i].body.p, items->v[i].body.n, hits);
	}
}

static void go(struct way *w, const struct items *items, struct batch *b)
{
	struct spent from = spent_by(w->ground);

	w->found = b->linked = 0;
	for (int r = 0; r < ROUNDS; r++)
		if (w->pass)
			pass(w->pass, items);
		else
			one_round(b, w->news, items, w->ground, &w->found);
	w->least = least(w->least, since(from, w->ground));
	w->linked = b->linked / ROUNDS;
	w->found /= ROUNDS;
}

/* The ways take turns, so that what else the machine does meets all alike; the least of each counts. */
static void measure(struct way *ways, size_t n, const struct items *items)
{
	static struct batch b;

	b = (struct batch){.arena = wn_arena_new(0), .scratch = wn_arena_new(0)};
	for (size_t i = 0; i < n; i++)
		ways[i].least = (struct spent){1e9, 0};
	for (int k = 0; k < TURNS; k++)
		for (size_t i = 0; i < n; i++)
			go(&ways[i], items, &b);
	wn_arena_free(b.arena);
	wn_arena_free(b.scratch);
}

static void by_length(const struct wn_news *news, struct wn_arena *a)
{
	static const char sentence[] = "The company builds tools for warehouses and sells them to shops across three countries. ";
	for (size_t times = 1; times <= 32; times *= 2) {
		struct items *one = WN_NEW(a, struct items);
		char *body = wn_arena_alloc(a, sizeof(sentence) * times);
		for (size_t i = 0; i < times; i++)
			memcpy(body + i * (sizeof(sentence) - 1), sentence, sizeof(sentence) - 1);
		for (size_t i = 0; i < 200; i++)
			one->v[one->n++] = (struct item){WN_STR("Loopwise raises $20M to read invoices"), {body, times * (sizeof(sentence) - 1)}, false};
		struct way way = {news, NULL, &(struct ground){0}};
		measure(&way, 1, one);
		printf("extract us_with_body_of_%zu %.2f\n", times * (sizeof(sentence) - 1), way.least.ours / (double)one->n * 1e6);
	}
}

/* What a feed is made of: one item in six tells something, each has a body of a dozen sentences. */
static void at_natural_rate(const struct items *from, struct items *to)
{
	static const char body[] =
	    "\nThe market for this has grown for years, and buyers have become choosy about what they install. Three people who know "
	    "the trade well told us what they look for first. Prices differ by region, and so do the rules that apply to storage and "
	    "transport. In the north, winters are long and parts must be kept dry; in the south heat is the larger concern. Shops that "
	    "keep both in mind do better than those that follow the season. A survey of forty owners found no clear favourite. Most "
	    "said that support matters more than features, and that manuals are rarely read. One of them keeps a notebook instead. "
	    "There is also the question of repair: few models can be opened without special tools, and spare parts take weeks to come. "
	    "Groups of users have begun to print their own. That is slow, but it works, and it costs little. For the coming year the "
	    "trade expects modest growth, with more demand from small workshops than from large ones. Whether that lasts is anyone's guess.";
	for (size_t i = 0; i < from->n; i++)
		for (int times = from->v[i].none ? 5 : 1; times && to->n < TEXTS; times--)
			to->v[to->n++] = (struct item){from->v[i].headline, WN_STR(body), from->v[i].none};
}

/* More patterns, all of whose triggers are words that do not occur: what they cost an item that they do not concern. */
static struct wn_news *with_more(struct wn_arena *a, int more)
{
	size_t n, size = 0;
	const struct wn_news_file *shipped = wn_news_builtin(&n);
	struct wn_news_file *files = WN_NEW_N(a, struct wn_news_file, n + 1);
	char *text = wn_arena_alloc(a, (size_t)more * 64 + 1);
	struct wn_news *news = NULL;

	memcpy(files, shipped, n * sizeof(*files));
	for (int i = 0; i < more; i++)
		size += (size_t)snprintf(text + size, 64, "more-%d funding: {company} [zq%dxes|zq%dxed] {raise}\n", i, i, i);
	files[n] = (struct wn_news_file){"more.patterns", {text, size}};
	return wn_news_compile(files, n + 1, NULL, &news, NULL) ? NULL : news;
}

static void report(const char *of, const struct wn_news *news, const struct wn_news *many, const struct items *items, const struct ground *g,
		   struct wn_arena *a)
{
	enum { PASS, PASS_MORE, ALONE, ALONE_MORE, RESOLVED, WAYS };
	const struct ground nobody = {0};
	struct way w[WAYS] = {
	    {news, set_of(news, a), NULL}, {many, set_of(many, a), NULL}, {news, NULL, &nobody}, {many, NULL, &nobody}, {news, NULL, g}};
	double us[WAYS];

	measure(w, WAYS, items);
	for (size_t i = 0; i < WAYS; i++)
		us[i] = both(w[i].least) / (double)items->n * 1e6;
	printf("extract %sitems %zu\nextract %sfound %zu\n", of, items->n, of, w[ALONE].found);
	printf("extract %spass_us_per_item %.2f\nextract %sus_per_item %.2f\nextract %sratio %.2f\n", of, us[PASS], of, us[ALONE], of, us[PASS] / us[ALONE]);
	printf("extract %spass_us_per_item_with_%d_patterns_more %.2f\n", of, MORE, us[PASS_MORE]);
	printf("extract %sus_per_item_with_%d_patterns_more %.2f\n", of, MORE, us[ALONE_MORE]);
	cel_regex_set_free(w[PASS].pass);
	cel_regex_set_free(w[PASS_MORE].pass);
	if (!g->store)
		return;
	printf("extract %slinked %zu\nextract %sitems_per_second_resolved %.0f\n", of, w[RESOLVED].linked, of, 1e6 / us[RESOLVED]);
	printf("extract %sus_per_item_resolved %.2f\nextract %sof_which_the_server %.2f\n", of, us[RESOLVED], of,
	       w[RESOLVED].least.server / (double)items->n * 1e6);
	printf("extract %sratio_resolved %.2f\nextract %sratio_resolved_without_the_server %.2f\n", of, us[PASS] / us[RESOLVED], of,
	       us[PASS] / (w[RESOLVED].least.ours / (double)items->n * 1e6));
}

int main(int argc, char **argv)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	struct items *items = WN_NEW(a, struct items), *natural = WN_NEW(a, struct items);
	struct wn_news *news = with_more(a, 0), *many = with_more(a, MORE);
	struct ground ground = {0};
	static const char *const invented[] = {WN_SOURCE_DIR "/tests/extraction/items.jsonl", WN_SOURCE_DIR "/tests/extraction/grown.jsonl"};
	int i = 1;

	if (argc > 2 && strcmp(argv[1], "--database") == 0) {
		connect_to(&ground, argv[2]);
		i = 3;
	}
	bool given = i < argc;
	for (; i < argc; i++)
		read_file(items, argv[i], a);
	for (size_t k = 0; !given && k < WN_COUNT(invented); k++)
		read_file(items, invented[k], a);
	if (!news || !many || !items->n)
		return 1;
	at_natural_rate(items, natural);
	report("headlines_", news, many, items, &ground, a);
	report("", news, many, natural, &ground, a);
	by_length(news, a);
	if (ground.store)
		wn_store_rollback(ground.store);
	wn_store_free(ground.store);
	wn_pg_free(ground.pg);
	wn_news_free(news);
	wn_news_free(many);
	return 0;
}
