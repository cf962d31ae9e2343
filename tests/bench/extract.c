// links: signal
/* SPDX-License-Identifier: MIT */
/*
 * Items a second through the extraction of news and to whom they belong (names and domains, without the database), against a
 * bare pass of the same triggers over the same texts, in one run on one core.
 *   extract [ITEMS.jsonl ...]   texts of {"text": "headline\nbody"}; none: invented ones
 * Prints `extract NAME VALUE` lines: rates, their ratio, cost by length and by number of patterns.
 */
#include <whynow/clock.h>
#include <whynow/signal.h>
#include <whynow/value.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 20, TEXTS = 4096 };

struct item { struct wn_str headline, body; bool none; };
struct items { struct item v[TEXTS]; size_t n; };

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
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

static double bare(const struct wn_news *news, const struct items *items)
{
	double best = 1e9;
	for (int k = 0; k < 5; k++) {
		double from = seconds();
		for (int r = 0; r < ROUNDS; r++)
			for (size_t i = 0; i < items->n; i++) {
				(void)wn_news_pass(news, items->v[i].headline);
				if (items->v[i].body.n)
					(void)wn_news_pass(news, items->v[i].body);
			}
		double took = seconds() - from;
		best = took < best ? took : best;
	}
	return best / ROUNDS;
}

static double whole(const struct wn_news *news, const struct items *items, size_t *found)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	struct wn_news_signal s[WN_NEWS_SIGNALS_MAX];
	double best = 1e9;
	for (int k = 0; k < 5; k++) {
		double from = seconds();
		*found = 0;
		for (int r = 0; r < ROUNDS; r++)
			for (size_t i = 0; i < items->n; i++) {
				size_t n = wn_news_read(news, items->v[i].headline, items->v[i].body, a, s, NULL);
				for (size_t j = 0; j < n; j++)
					*found += wn_account_id_of_name(wn_name_normalise(s[j].company, a)).b[0] + 1 > 0;
				wn_arena_reset(a);
			}
		double took = seconds() - from;
		best = took < best ? took : best;
	}
	*found /= ROUNDS;
	return best / ROUNDS;
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
		size_t found;
		printf("extract us_with_body_of_%zu %.2f\n", times * (sizeof(sentence) - 1), whole(news, one, &found) / (double)one->n * 1e6);
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

/* Ten times the patterns, all of whose triggers are words that do not occur: what they cost an item that they do not concern. */
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

static void report(const char *of, const struct wn_news *news, const struct wn_news *many, const struct items *items)
{
	size_t found;
	double n = (double)items->n, pass = bare(news, items), all = whole(news, items, &found), all_many = whole(many, items, &found);
	printf("extract %sitems %zu\nextract %sfound %zu\n", of, items->n, of, found);
	printf("extract %spass_items_per_second %.0f\nextract %sitems_per_second %.0f\nextract %sratio %.2f\n", of, n / pass, of, n / all, of, pass / all);
	printf("extract %sus_per_item %.2f\nextract %sus_per_item_with_100_patterns_more %.2f\n", of, all / n * 1e6, of, all_many / n * 1e6);
}

int main(int argc, char **argv)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	struct items *items = WN_NEW(a, struct items);
	struct wn_news *news = with_more(a, 0), *many = with_more(a, 100);

	for (int i = 1; i < argc; i++)
		read_file(items, argv[i], a);
	if (!items->n)
		read_file(items, WN_SOURCE_DIR "/tests/extraction/items.jsonl", a);
	if (!news || !many || !items->n)
		return 1;
	struct items *natural = WN_NEW(a, struct items);
	at_natural_rate(items, natural);
	report("headlines_", news, many, items);
	report("", news, many, natural);
	by_length(news, a);
	wn_news_free(news);
	wn_news_free(many);
	return 0;
}
