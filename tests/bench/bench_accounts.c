// links: store
/* SPDX-License-Identifier: MIT */
/*
 * Mentions of companies through the daemon's own resolver, against a database that holds the accounts already.
 * tests/bench/accounts makes that database and calls this.
 *
 *   bench_accounts CONNINFO ACCOUNTS.jsonl MENTIONS.jsonl
 *
 * Prints a result line a mention ({"id", "account"}: an id of ACCOUNTS, null or "ambiguous"); figures go to stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <whynow/limits.h>
#include <whynow/store.h>

enum { BATCH = 500 };

static void die(const char *what, const struct wn_err *err)
{
	fprintf(stderr, "bench_accounts: %s: %s\n", what, err ? err->text : "");
	exit(2);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- the files ---- */
struct lines { WN_VEC(struct wn_value) v; };

static struct lines read_lines(const char *path, struct wn_arena *a)
{
	struct lines all = {0};
	struct wn_err err = {0};
	char *line = NULL;
	size_t size = 0;
	FILE *f = fopen(path, "r");
	if (!f)
		die(path, NULL);
	for (ssize_t n; (n = getline(&line, &size, f)) > 0;) {
		struct wn_value v;
		if (wn_json_parse(wn_arena_str(a, (struct wn_str){line, (size_t)n}), NULL, a, &v, &err))
			die(path, &err);
		*WN_PUSH(a, &all.v) = v;
	}
	free(line);
	fclose(f);
	return all;
}

struct name { struct wn_id id; const char *account; };

static int by_id(const void *a, const void *b) { return memcmp(a, b, sizeof(struct wn_id)); }

static struct name *names_of(const struct lines *accounts, struct wn_arena *a)
{
	struct name *v = WN_NEW_N(a, struct name, accounts->v.n + 1);
	for (size_t i = 0; i < accounts->v.n; i++) {
		struct wn_str domain = wn_value_str(wn_value_at(accounts->v.v[i], "domain")), own;
		struct wn_str name = wn_name_normalise(wn_value_str(wn_value_at(accounts->v.v[i], "name")), a);
		bool usable = wn_domain_registrable(domain, a, &own) && !wn_domain_is_shared(own); /* oslo.no is a public suffix */
		v[i] = (struct name){usable ? wn_account_id_of_domain(own) : wn_account_id_of_name(name),
				     wn_arena_strdup(a, wn_value_str(wn_value_at(accounts->v.v[i], "account")))};
	}
	qsort(v, accounts->v.n, sizeof(*v), by_id);
	return v;
}

/* --- one batch ---- */
/* As a feed's mapping makes it: a domain of its own or none, the name as it stands. */
static void sighting_of(struct wn_value m, size_t i, struct wn_arena *a, struct wn_sighting *x)
{
	struct wn_str address = wn_value_str(wn_value_at(m, "domain")), domain;
	struct wn_str item = wn_arena_str(a, wn_value_str(wn_value_at(m, "id")));
	if (!address.n)
		address = wn_value_str(wn_value_at(m, "url"));
	*x = (struct wn_sighting){.key = wn_sighting_key(WN_STR("bench"), item, (int)i), .feed = WN_STR("bench"), .item = item, .kind = -1};
	if (address.n && wn_domain_registrable(address, a, &domain) && !wn_domain_is_shared(domain))
		x->account.domain = domain;
	x->account.name = wn_value_str(wn_value_at(m, "text_name"));
	x->account.in_text = true;
	x->headline = wn_value_str(wn_value_at(m, "context"));
	struct wn_map_builder traits = wn_map_begin(a);
	if (wn_value_at(m, "country").kind == WN_STRING)
		wn_map_set(&traits, "country", wn_value_at(m, "country"));
	x->traits = wn_map_end(&traits);
}

static const char *answer_of(const struct wn_intake_row *r, const struct name *names, size_t n, bool explain)
{
	static char text[300];
	const struct name *hit = bsearch(&r->link.account, names, n, sizeof(*names), by_id);
	if (r->how == WN_INTAKE_REVIEW)
		return "\"ambiguous\"";
	if (r->how != WN_INTAKE_NEW || r->link.made || !hit)
		return "null";
	if (explain)
		snprintf(text, sizeof(text), "\"%s\", \"method\": \"%s\", \"confidence\": %.2f", hit->account, r->link.method, r->link.confidence);
	else
		snprintf(text, sizeof(text), "\"%s\"", hit->account);
	return text;
}

static void resolve(struct wn_store *s, const struct lines *mentions, size_t from, const struct name *names, size_t n_names, double *spent)
{
	struct wn_arena *a = wn_arena_new(0), *scratch = wn_arena_new(0);
	struct wn_sighting x[BATCH];
	struct wn_catalog catalog = {0};
	struct wn_err err = {0};
	double began = seconds();
	size_t n = 0;
	struct wn_world *w = wn_world_new(a, scratch, &catalog, INT64_C(1790000000) * WN_SECOND, "bench");
	for (; n < BATCH && from + n < mentions->v.n; n++)
		sighting_of(mentions->v.v[from + n], from + n, a, &x[n]);
	struct wn_intake in = {.sightings = x, .n = n, .create = true};
	if (wn_store_begin(s, &err) || wn_store_resolve(s, w, &in, &err))
		die("resolving", &err);
	*spent += seconds() - began;
	wn_store_rollback(s);
	for (size_t i = 0; i < n; i++)
		printf("{\"id\": \"" WN_STR_FMT "\", \"account\": %s}\n", WN_STR_ARG(x[i].item),
		       answer_of(&in.rows[i], names, n_names, getenv("EXPLAIN") != NULL));
	wn_arena_free(scratch);
	wn_arena_free(a);
}

int main(int argc, char **argv)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_err err = {0};
	if (argc != 4)
		return fputs("usage: bench_accounts CONNINFO ACCOUNTS.jsonl MENTIONS.jsonl\n", stderr), 2;
	struct lines accounts = read_lines(argv[2], a), mentions = read_lines(argv[3], a);
	struct name *names = names_of(&accounts, a);
	struct wn_pg *pg = wn_pg_new(NULL, argv[1], "bench_accounts");
	if (wn_pg_connect(pg, 10000, &err))
		die("connecting", &err);
	struct wn_store *s = wn_store_new(pg, NULL);
	double spent = 0;
	for (size_t i = 0; i < mentions.v.n; i += BATCH)
		resolve(s, &mentions, i, names, accounts.v.n, &spent);
	fprintf(stderr, "%zu mentions against %zu accounts: %.2f s, %.0f a second, %.1f us each\n", mentions.v.n, accounts.v.n, spent,
		(double)mentions.v.n / spent, spent * 1e6 / (double)mentions.v.n);
	wn_store_free(s);
	wn_pg_free(pg);
	wn_arena_free(a);
	return 0;
}
