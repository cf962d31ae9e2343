/* SPDX-License-Identifier: MIT */
/*
 * `feed test`: what a feed would give, item by item. Reads an address or a file with the files' mapping; no database is touched and
 * nothing is remembered.
 */
#include "../intake.h"
#include "parts.h"
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <whynow/date.h>

struct test {
	struct wn_cli *cli;
	const struct wn_book_feed *feed; /* NULL: the items alone */
	struct wn_http_response *response;
	struct wn_feed_doc doc;
	size_t mapped, filtered, rejected;
	struct wn_value *out; /* with --json */
	WN_VEC(struct wn_value) tried; /* --explain: of the item at hand */
};

/* --- the bytes ------------------------------------------------------------------------------- */
static int from_file(struct test *t, const char *path)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (!f)
		return cli_error(t->cli, WN_EXIT_NOT_FOUND, "%s is neither an address nor a feed of the files nor a file: %s", path, strerror(errno));
	char *p = wn_arena_alloc(t->cli->arena, WN_FETCH_BODY_MAX + 1);
	size_t n = fread(p, 1, WN_FETCH_BODY_MAX + 1, f);
	if (f != stdin)
		fclose(f);
	if (n > WN_FETCH_BODY_MAX)
		return cli_error(t->cli, WN_EXIT_INVALID, "%s: more than %u bytes", path, WN_FETCH_BODY_MAX);
	const char *base = t->feed && t->feed->conf->url.n ? wn_arena_strdup(t->cli->arena, t->feed->conf->url) : "";
	t->response = wn_http_response_new(200, base, NULL, 0, (struct wn_str){p, n});
	return 0;
}

static enum wn_rc request(struct test *t, const char *url, struct wn_http_request *req, struct wn_err *err)
{
	const struct wn_options *o = &t->cli->book->config->options;
	struct wn_poll_feed new = {0};
	if (t->feed && !url)
		return wn_poll_request(o, &new, t->feed, t->cli->arena, req, err);
	*req = (struct wn_http_request){.url = url, .follow = true, .allow_private = cli_flag(t->cli, "--allow-private"),
					.user_agent = o->poll.user_agent.n ? wn_arena_strdup(t->cli->arena, o->poll.user_agent) : NULL};
	return WN_OK;
}

static int from_network(struct test *t, const char *url)
{
	struct wn_clock *clock = wn_clock_new_live();
	struct wn_loop *loop = wn_loop_new(clock);
	struct wn_http_options opt = wn_net_options(&t->cli->book->config->options, t->cli->arena);
	struct wn_net *net = wn_http_client_new(loop, &opt);
	struct wn_http_request req;
	struct wn_err err = {0};
	enum wn_rc rc = request(t, url, &req, &err);
	setlocale(LC_CTYPE, "C.UTF-8"); /* as the daemon does: for names of hosts */
	if (rc == WN_OK)
		rc = wn_http_fetch(loop, net, &req, &t->response, &err);
	wn_http_client_free(net);
	wn_loop_free(loop);
	wn_clock_free(clock);
	return rc ? cli_fail(t->cli, rc, &err) : 0;
}

/* --- one item -------------------------------------------------------------------------------- */
static const char *when(struct wn_cli *cli, int64_t us)
{
	char text[40];
	if (!us)
		return "no date";
	wn_rfc3339_from_us(us, text);
	return wn_arena_printf(cli->arena, "%s", text);
}

static void print_item(struct test *t, size_t i, const struct wn_item *item)
{
	struct wn_cli *cli = t->cli;
	fprintf(cli->out, "%4zu  %s  %s\n", i + 1, when(cli, item->published_us),
		item->title.n ? cli_clip(cli, cli_clean(cli, item->title), 100) : "(no title)");
	fprintf(cli->out, "      id      %s\n", cli_clip(cli, cli_clean(cli, item->identity), 120));
	if (item->link.n && !wn_str_eq(item->link, item->identity))
		fprintf(cli->out, "      link    %s\n", cli_clip(cli, cli_clean(cli, item->link), 120));
}

static void print_sighting(struct test *t, const struct wn_sighting *s)
{
	struct wn_cli *cli = t->cli;
	const struct wn_kind_def *k = s->kind >= 0 ? wn_registry_kind(cli->book->registry, s->kind) : NULL;
	struct wn_str who = s->account.domain.n ? s->account.domain : s->account.name.n ? s->account.name : s->account.email;
	fprintf(cli->out, "      %-7s %s, occurred %s%s%s\n", k ? k->name : "traits", cli_clean(cli, who), when(cli, s->occurred_us),
		s->contact.name.n || s->contact.email.n ? ", contact " : "",
		cli_clean(cli, s->contact.name.n ? s->contact.name : s->contact.email));
	if (s->attrs.kind == WN_MAP && s->attrs.n)
		fprintf(cli->out, "              %s\n", cli_attrs(cli, s->attrs));
	if (s->span.n && !wn_str_eq(s->span, s->headline))
		fprintf(cli->out, "              read from: %s\n", cli_clip(cli, cli_clean(cli, s->span), 120));
	if (s->traits.kind == WN_MAP && s->traits.n)
		fprintf(cli->out, "      traits  %s\n", cli_attrs(cli, s->traits));
}

static struct wn_value sighting_value(struct test *t, const struct wn_sighting *s)
{
	struct wn_map_builder m = wn_map_begin(t->cli->arena);
	if (s->kind >= 0)
		wn_map_set(&m, "kind", wn_cstring(wn_registry_kind(t->cli->book->registry, s->kind)->name));
	wn_map_set(&m, "id", wn_string(s->item));
	wn_map_set(&m, "domain", wn_string(s->account.domain));
	wn_map_set(&m, "name", wn_string(s->account.name));
	wn_map_set(&m, "occurred_at", wn_time_us(s->occurred_us));
	if (s->published_us)
		wn_map_set(&m, "published_at", wn_time_us(s->published_us));
	wn_map_set(&m, "headline", wn_string(s->headline));
	wn_map_set(&m, "url", wn_string(s->url));
	wn_map_set(&m, "publisher", wn_string(s->publisher));
	wn_map_set(&m, "attributes", s->attrs);
	if (s->traits.kind == WN_MAP)
		wn_map_set(&m, "traits", s->traits);
	return wn_map_end(&m);
}

static struct wn_value item_value(struct test *t, const struct wn_item *item)
{
	struct wn_map_builder m = wn_map_begin(t->cli->arena);
	wn_map_set(&m, "id", wn_string(item->identity));
	wn_map_set(&m, "title", wn_string(item->title));
	wn_map_set(&m, "link", wn_string(item->link));
	if (item->published_us)
		wn_map_set(&m, "published_at", wn_time_us(item->published_us));
	if (item->updated_us)
		wn_map_set(&m, "updated_at", wn_time_us(item->updated_us));
	return wn_map_end(&m);
}

/* A mapping gives a signal, extraction a list. */
static struct wn_value with_sightings(struct test *t, struct wn_value about, const struct wn_sighting *s, size_t n)
{
	if (!wn_mapping_is_news(t->feed->mapping))
		return row_with(t->cli, about, "signal", sighting_value(t, s));
	struct wn_value *list = WN_NEW_N(t->cli->arena, struct wn_value, n + 1);
	for (size_t i = 0; i < n; i++) {
		list[i] = row_with(t->cli, sighting_value(t, &s[i]), "span", wn_string(s[i].span));
		if (s[i].contact.name.n)
			list[i] = row_with(t->cli, list[i], "contact", wn_string(s[i].contact.name));
	}
	return row_with(t->cli, about, "signals", wn_list(list, n));
}

/* --explain: each pattern that was looked at, the words it hung on, and why it did not fit. */
static void on_tried(void *ctx, const char *pattern, struct wn_str trigger, const char *why_not)
{
	struct test *t = ctx;
	if (!cli_flag(t->cli, "--explain"))
		return;
	struct wn_map_builder m = wn_map_begin(t->cli->arena);
	wn_map_set(&m, "pattern", wn_cstring(pattern));
	wn_map_set(&m, "words", wn_string(wn_arena_str(t->cli->arena, trigger)));
	if (why_not)
		wn_map_set(&m, "why_not", wn_cstring(why_not));
	*WN_PUSH(t->cli->arena, &t->tried) = wn_map_end(&m);
}

static struct wn_value tell_tried(struct test *t, struct wn_value about)
{
	struct wn_cli *cli = t->cli;
	if (cli->json && t->tried.n) {
		struct wn_value *list = WN_NEW_N(cli->arena, struct wn_value, t->tried.n);
		memcpy(list, t->tried.v, t->tried.n * sizeof(*list));
		return row_with(cli, about, "tried", wn_list(list, t->tried.n));
	}
	for (size_t i = 0; i < t->tried.n; i++) {
		const char *why = row_text(cli, t->tried.v[i], "why_not");
		fprintf(cli->out, "      tried   %s at \"%s\": %s\n", row_text(cli, t->tried.v[i], "pattern"), row_text(cli, t->tried.v[i], "words"),
			*why ? why : "fits");
	}
	return about;
}

/* What the item tells as an outcome; whose it is nobody looks up here. */
static struct wn_value test_outcome(struct test *t, const struct wn_item *item, struct wn_value about)
{
	struct wn_cli *cli = t->cli;
	struct wn_mapped_outcome o;
	struct wn_err err = {0};
	struct wn_str kind = t->feed->conf->outcome_kind;
	enum wn_mapped how = wn_mapping_outcome(t->feed->mapping, item->value, t->doc.doc, item->identity, item->published_us, cli->now_us,
						cli->arena, &o, &err);
	bool alone = !wn_mapping_gives_sightings(t->feed->mapping);
	t->mapped += alone && how == WN_MAPPED;
	t->filtered += alone && how == WN_MAPPED_FILTERED;
	t->rejected += alone && how == WN_MAPPED_REJECTED;
	if (how != WN_MAPPED) {
		const char *said = err.text[0] ? cli_clean(cli, wn_str_of(err.text)) : "`where` is not true";
		if (cli->json)
			return row_with(cli, about, how == WN_MAPPED_FILTERED ? "left_out" : "rejected", wn_cstring(said));
		if (alone || how == WN_MAPPED_REJECTED)
			fprintf(cli->out, "      %s: %s\n", how == WN_MAPPED_FILTERED ? "left out" : "rejected", said);
		return about;
	}
	struct wn_map_builder m = wn_map_begin(cli->arena);
	wn_map_set(&m, "kind", wn_string(kind));
	const struct { const char *name; struct wn_str text; } texts[] = {
		{"id", o.id}, {"account", o.account}, {"email", o.email}, {"touch", o.touch}, {"campaign", o.campaign}, {"note", o.note}};
	for (size_t i = 0; i < WN_COUNT(texts); i++)
		if (texts[i].text.n)
			wn_map_set(&m, texts[i].name, wn_string(texts[i].text));
	const struct { const char *name; double amount; } amounts[] = {{"value", o.value}, {"cost", o.cost}};
	for (size_t i = 0; i < WN_COUNT(amounts); i++)
		if (amounts[i].amount > 0)
			wn_map_set(&m, amounts[i].name, wn_double(amounts[i].amount));
	if (o.currency.n)
		wn_map_set(&m, "currency", wn_string(o.currency));
	if (o.occurred_us)
		wn_map_set(&m, "occurred_at", wn_time_us(o.occurred_us));
	if (cli->json)
		return row_with(cli, about, "outcome", wn_map_end(&m));
	fprintf(cli->out, "      outcome %s\n", cli_attrs(cli, wn_map_end(&m)));
	return about;
}

static void test_item(struct test *t, size_t i)
{
	const struct wn_item *item = &t->doc.items[i];
	struct wn_cli *cli = t->cli;
	struct wn_value about = cli->json ? item_value(t, item) : (struct wn_value){0};
	struct wn_sighting s[WN_NEWS_SIGNALS_MAX];
	struct wn_err err = {0};
	size_t n = 0;
	if (!cli->json)
		print_item(t, i, item);
	if (t->feed && wn_mapping_gives_outcomes(t->feed->mapping))
		about = test_outcome(t, item, about);
	if (t->feed && wn_mapping_gives_sightings(t->feed->mapping)) {
		t->tried.n = 0;
		enum wn_mapped how = wn_answer_sightings(t->feed->mapping, item, t->doc.doc, cli->now_us, cli->arena, s, &n,
							 &(struct wn_news_trace){on_tried, t}, &err);
		t->mapped += how == WN_MAPPED;
		t->filtered += how == WN_MAPPED_FILTERED;
		t->rejected += how == WN_MAPPED_REJECTED;
		const char *word = how == WN_MAPPED_FILTERED ? "left_out" : "rejected";
		if (cli->json)
			about = how == WN_MAPPED ? with_sightings(t, about, s, n)
						 : row_with(cli, about, word, wn_string(wn_arena_str(cli->arena, wn_str_of(err.text))));
		else if (how == WN_MAPPED)
			for (size_t k = 0; k < n; k++)
				print_sighting(t, &s[k]);
		else
			fprintf(cli->out, "      %s: %s\n", how == WN_MAPPED_FILTERED ? "left out" : "rejected",
				err.text[0] ? cli_clean(cli, wn_str_of(err.text))
				: wn_mapping_is_news(t->feed->mapping) ? "it tells nothing of the kinds that extraction knows"
								       : "`where` is not true");
		about = tell_tried(t, about);
	}
	if (cli->json)
		t->out[i] = about;
}

/* --- the whole ------------------------------------------------------------------------------- */
static void print_end(struct test *t)
{
	struct wn_cli *cli = t->cli;
	for (size_t i = 0; i < t->doc.rejects_n; i++)
		fprintf(cli->out, "%4zu  unreadable: %s\n      %s\n", t->doc.rejects[i].index + 1, t->doc.rejects[i].reason,
			cli_clip(cli, cli_clean(cli, t->doc.rejects[i].excerpt), 100));
	fprintf(cli->out, "%zu %s", t->doc.items_n, cli_plural((int64_t)t->doc.items_n, "item", "items"));
	if (t->feed)
		fprintf(cli->out, ": %zu would be stored, %zu left out by `where`, %zu rejected", t->mapped, t->filtered, t->rejected);
	fprintf(cli->out, "; %s%s" WN_STR_FMT ", " WN_STR_FMT "%s%s\n", wn_format_to_text(t->doc.format), t->doc.version.n ? " " : "",
		WN_STR_ARG(t->doc.version), WN_STR_ARG(t->doc.encoding), t->doc.repaired ? ", broken and read all the same" : "",
		t->doc.incomplete ? ", cut off" : "");
	if (t->doc.hints.ttl_us > 0)
		fprintf(cli->out, "it asks to be polled every %s\n", cli_span(cli, t->doc.hints.ttl_us));
}

static int show(struct test *t)
{
	struct wn_err err = {0};
	if (t->response->rc || t->response->status != 200) {
		const char *why = t->response->rc ? t->response->error : wn_answer_status_text(t->response, t->cli->arena);
		return cli_error(t->cli, WN_EXIT_NO, "%s", cli_clean(t->cli, wn_str_of(why)));
	}
	enum wn_rc rc = wn_answer_document(t->feed, t->response, t->cli->now_us, t->cli->arena, &t->doc, &err);
	if (rc)
		return cli_fail(t->cli, rc, &err);
	t->out = WN_NEW_N(t->cli->arena, struct wn_value, t->doc.items_n + 1);
	for (size_t i = 0; i < t->doc.items_n; i++)
		test_item(t, i);
	if (t->cli->json)
		cli_json(t->cli, wn_list(t->out, t->doc.items_n));
	else
		print_end(t);
	return t->rejected && !t->mapped ? WN_EXIT_NO : WN_EXIT_DONE;
}

static int find_feed(struct test *t, const char *name, bool must)
{
	t->feed = wn_book_feed_named(t->cli->book, wn_str_of(name));
	if (!t->feed && must)
		return cli_error(t->cli, WN_EXIT_NOT_FOUND, "no file has a feed \"%s\"", name);
	if (t->feed && !t->feed->mapping) {
		struct wn_err err = *t->feed->error;
		return cli_fail(t->cli, err.rc, &err);
	}
	return 0;
}

static int run_test(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct test t = {.cli = cli};
	const char *feed = cli_value(cli, "--feed");
	bool is_url = strstr(argv[0], "://") != NULL;
	int code = cli_book_of_files(cli);
	if (code == 0)
		code = cli_clock(cli);
	if (code == 0)
		code = find_feed(&t, feed ? feed : argv[0], feed != NULL);
	if (code == 0)
		code = is_url || (t.feed && !feed) ? from_network(&t, is_url ? argv[0] : NULL) : from_file(&t, argv[0]);
	if (code == 0)
		code = show(&t);
	wn_http_response_free(t.response);
	return code;
}

static const struct wn_cli_option options[] = {
	{"--feed", "NAME", "read the address or file as this feed of the files would"},
	{"--explain", NULL, "with extract: news, each pattern that was looked at, at which words, and why it did not fit"},
	{"--allow-private", NULL, "the address given may be a private one"},
	{NULL, NULL, NULL},
};
const struct wn_command command_feed_test = {
	.name = "feed test",
	.args = "NAME|URL|FILE",
	.min_args = 1,
	.max_args = 1,
	.summary = "what a feed would give, item by item; nothing is stored",
	.more = "NAME is a feed of the files (the daemon need not have read them yet): it is asked as the daemon would. A URL or FILE (- is "
		"standard input) is read as it is, or with --feed by that feed's mapping.",
	.options = options,
	.run = run_test,
};
