// links: match
/* SPDX-License-Identifier: MIT */
/*
 * match RULES.tsv EVENTS.jsonl [--learn EVENTS.jsonl]  [--rules N] [--events N] [--passes N] [--pauses 1]
 *
 * The index of rules, measured: id TAB rule in CEL a line, {"id":..,"attrs":{..}} a line. For each event it prints
 * EVENT_ID COUNT DIGEST (the sum of mix64 over the ids of the rules that are true); on standard error load time, memory and time
 * an event. A rule of which something is opaque to the index keeps its program and is evaluated; the others do not.
 * --passes: the events so many times over, of each event the least time; against noise of other work, not for the bars.
 * --pauses 1: every insert is timed, for the longest that the index ever keeps its caller; loading takes longer then.
 * --learn: events whose values are counted before the rules are filed. Without it the index starts with what the
 * rules name, and learns while it runs; that is part of the figures ("tending" apart).
 */
#include <whynow/limits.h>
#include <whynow/match.h>

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* --- the world of the rules ---------------------------------------------------------------------------- */

enum { OF_SIGNAL, OF_ACCOUNT, FIELDS = 9, BATCH = 100, SAMPLE = 32, ROOM = 64 << 10 };
static const struct cel_type strings = {.kind = CEL_LIST, .elem = &cel_string};
static const struct cel_field signal_fields[] = {
    {.name = "kind", .type = &cel_string, .number = 0},	      {.name = "source", .type = &cel_string, .number = 1},
    {.name = "round", .type = &cel_string, .number = 2},      {.name = "department", .type = &cel_string, .number = 3},
    {.name = "seniority", .type = &cel_string, .number = 4},  {.name = "title", .type = &cel_string, .number = 5},
    {.name = "score", .type = &cel_int, .number = 6},	      {.name = "amount_usd", .type = &cel_int, .number = 7},
    {.name = "openings", .type = &cel_int, .number = 8},
};
static const struct cel_field account_fields[] = {
    {.name = "domain", .type = &cel_string, .number = 0},   {.name = "country", .type = &cel_string, .number = 1},
    {.name = "industry", .type = &cel_string, .number = 2}, {.name = "stage", .type = &cel_string, .number = 3},
    {.name = "employees", .type = &cel_int, .number = 4},   {.name = "technologies", .type = &strings, .number = 5},
    {.name = "topics", .type = &strings, .number = 6},	    {.name = "remote", .type = &cel_bool, .number = 7},
};
static const struct cel_record signal_record = {
    .name = "signal", .fields = signal_fields, .n_fields = WN_COUNT(signal_fields), .discriminator = "kind"};
static const struct cel_record account_record = {
    .name = "account", .fields = account_fields, .n_fields = WN_COUNT(account_fields)};

struct thing {
	struct wn_object object;
	struct wn_value fields[FIELDS];
};
static bool thing_get(const struct wn_object *self, uint32_t field, struct wn_value *out)
{
	*out = ((const struct thing *)self)->fields[field];
	return out->kind != WN_ABSENT;
}
static const struct wn_class signal_class = {.name = "signal", .get = thing_get};
static const struct wn_class account_class = {.name = "account", .get = thing_get};

struct event {
	uint64_t id;
	struct thing signal, account;
};

static struct cel_env *world(struct wn_match_env *out)
{
	struct cel_env *env = cel_env_new();

	*out = (struct wn_match_env){.signal_record = &signal_record, .account_record = &account_record, .signals = -1, .contact = -1};
	out->signal = cel_env_variable(env, "signal", cel_env_record(env, &signal_record));
	out->account = cel_env_variable(env, "account", cel_env_record(env, &account_record));
	return env;
}

static bool event_get(void *ctx, int var, struct wn_value *out)
{
	struct event *e = ctx;

	*out = (struct wn_value){.kind = WN_OBJECT, .object = var == OF_SIGNAL ? &e->signal.object : &e->account.object};
	return var <= OF_ACCOUNT;
}

/* --- input --------------------------------------------------------------------------------------------- */

static void die(const char *what, const char *detail)
{
	fprintf(stderr, "match: %s: %s\n", what, detail);
	exit(2);
}

static double read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double cpu_s(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

/* Bytes of data: pages of code, of which the kernel maps sixteen where one was asked for, are no part of it. */
static size_t resident(void)
{
	size_t pages = 0, files = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%*s %zu %zu", &pages, &files) != 2)
		die("cannot read", "/proc/self/statm");
	fclose(f);
	return (pages - files) * (size_t)sysconf(_SC_PAGESIZE);
}

static void set(struct event *e, struct wn_str name, struct wn_value v)
{
	for (size_t i = 0; i < WN_COUNT(signal_fields); i++)
		if (wn_str_is(name, signal_fields[i].name))
			e->signal.fields[i] = v;
	for (size_t i = 0; i < WN_COUNT(account_fields); i++)
		if (wn_str_is(name, account_fields[i].name))
			e->account.fields[i] = v;
}

static void read_event(struct wn_str line, struct wn_arena *a, struct event *out)
{
	struct wn_value v;
	struct wn_err err = {0};

	*out = (struct event){.signal.object.cls = &signal_class, .account.object.cls = &account_class};
	if (wn_json_parse(line, NULL, a, &v, &err))
		die("event", err.text);
	struct wn_value attrs = wn_value_at(v, "attrs");
	out->id = (uint64_t)wn_value_at(v, "id").i;
	for (uint32_t i = 0; attrs.kind == WN_MAP && i < attrs.n; i++)
		set(out, wn_value_str(attrs.map[i].key), attrs.map[i].value);
}

struct lines {
	struct wn_arena *arena;
	WN_VEC(struct wn_str) v;
};

typedef void line_fn(void *ctx, struct wn_str line);
static void each_line(const char *file, size_t max, line_fn *fn, void *ctx)
{
	FILE *f = fopen(file, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (!f)
		die("cannot open", file);
	while (max-- > 0 && (n = getline(&line, &cap, f)) > 0)
		fn(ctx, (struct wn_str){line, (size_t)n - (line[n - 1] == '\n')});
	free(line);
	fclose(f);
}

static void on_event_line(void *ctx, struct wn_str line)
{
	struct lines *l = ctx;

	*WN_PUSH(l->arena, &l->v) = wn_arena_str(l->arena, line);
}

/* --- rules --------------------------------------------------------------------------------------------- */

struct bench {
	struct cel_env *env;
	struct wn_index *index;
	struct kept { uint32_t rule; struct cel_program *program; } *kept; /* what the index cannot decide, by rule: they come in order */
	size_t n_rules, cap, n_kept;
	double compile_s, put_s, longest_s;
	bool pauses;
	struct wn_arena *arena, *compiling;
	struct event *event;
	uint64_t digest;
	size_t n_true, n_candidates;
};

static void paused(struct bench *b, double s)
{
	b->longest_s = s > b->longest_s ? s : b->longest_s;
}

static void keep(struct bench *b, uint32_t rule, struct wn_str text)
{
	struct wn_err err = {0};

	if (b->n_kept == b->cap) {
		b->cap = b->cap * 2 + 64;
		b->kept = wn_realloc(b->kept, b->cap * sizeof(*b->kept));
	}
	if (b->n_kept && b->kept[b->n_kept - 1].rule >= rule)
		die("rules", "ids do not rise");
	b->kept[b->n_kept] = (struct kept){.rule = rule};
	if (cel_compile(b->env, text, &(struct cel_options){.expect = &cel_bool}, &b->kept[b->n_kept++].program, &err))
		die("rule", err.text);
}

static void on_rule_line(void *ctx, struct wn_str line)
{
	struct bench *b = ctx;
	struct cel_options opt = {.expect = &cel_bool, .passing = true, .scratch = b->compiling};
	struct cel_program *p;
	struct wn_err err = {0};
	const char *tab = memchr(line.p, '\t', line.n);
	bool timed = b->n_rules % SAMPLE == 0; /* the clock takes a tenth of what it measures here */
	double t0 = timed ? cpu_s() : 0;

	if (!tab)
		die("a rule is ID TAB TEXT", "no tab");
	size_t id_bytes = (size_t)(tab - line.p);
	uint64_t id = 0;
	for (size_t i = 0; i < id_bytes; i++)
		id = id * 10 + (uint64_t)(line.p[i] - '0');
	if (cel_compile(b->env, (struct wn_str){tab + 1, line.n - id_bytes - 1}, &opt, &p, &err))
		die("rule", err.text);
	double t1 = timed ? cpu_s() : 0;
	double began = b->pauses ? cpu_s() : 0;
	(void)wn_index_put(b->index, (uint32_t)id, p);
	paused(b, b->pauses ? cpu_s() - began : 0);
	b->n_rules++;
	cel_program_free(p);
	if (!wn_index_decides(b->index, (uint32_t)id))
		keep(b, (uint32_t)id, (struct wn_str){tab + 1, line.n - id_bytes - 1});
	b->compile_s += SAMPLE * (t1 - t0);
	b->put_s += timed ? SAMPLE * (cpu_s() - t1) : 0;
}

static uint64_t mix64(uint64_t z)
{
	z += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static int by_rule(const void *a, const void *b)
{
	uint32_t x = ((const struct kept *)a)->rule, y = ((const struct kept *)b)->rule;

	return (x > y) - (x < y);
}

static bool is_true(struct bench *b, uint32_t rule)
{
	const struct kept *k = bsearch(&(struct kept){.rule = rule}, b->kept, b->n_kept, sizeof(*k), by_rule);
	struct cel_activation act = {.get = event_get, .ctx = b->event};
	struct cel_result res;

	wn_arena_reset(b->arena);
	return k && cel_eval(k->program, &act, b->arena, &res, NULL) == WN_OK && !res.unknown && res.value.b;
}

static void on_candidate(void *ctx, uint32_t rule, bool certain)
{
	struct bench *b = ctx;

	b->n_candidates++;
	if (!certain && !is_true(b, rule))
		return;
	b->n_true++;
	b->digest += mix64(rule);
}

/* --- measuring ------------------------------------------------------------------------------------------ */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct answer { uint64_t n, digest; };
struct took { double events, tending; }; /* seconds of the processor */

/* What reading the clock takes of what is measured. */
static double clock_s(clockid_t id)
{
	double took[501], last = read_clock(id), now;

	for (size_t i = 0; i < WN_COUNT(took); i++, last = now) {
		now = read_clock(id);
		took[i] = now - last;
	}
	qsort(took, WN_COUNT(took), sizeof(*took), by_size);
	return took[WN_COUNT(took) / 2];
}

/* Of one event. The processor's time is a system call, which takes half a microsecond and leaves the processor colder than events do: with
 * few rules the time of day is read, which is none. With many an event is long enough for others to come between. */
static clockid_t clock_of(const struct bench *b) { return b->n_rules <= 20000 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID; }

/* The processor's time is read once a batch, for the mean, and a clock once an event, for median and p99. Events of a batch are
 * parsed before it and answers printed behind it, outside of the clock, as a daemon would have just read them; then rules are filed anew,
 * as between two batches of signals. */
static struct took run_batch(struct bench *b, struct event *v, size_t n, double *times, struct answer *answers, bool again)
{
	clockid_t clock = clock_of(b);
	double began = cpu_s(), last = read_clock(clock), now;

	for (size_t i = 0; i < n; i++, last = now) {
		struct wn_probe probe = {&v[i].signal.object, &v[i].account.object};
		b->event = &v[i];
		b->digest = b->n_true = 0;
		wn_index_probe(b->index, &probe, on_candidate, b);
		answers[i] = (struct answer){b->n_true, b->digest};
		now = read_clock(clock);
		if (!again || now - last < times[i])
			times[i] = now - last;
	}
	double ended = cpu_s();
	(void)wn_index_tend(b->index, 2 * BATCH);
	double tended = cpu_s();
	paused(b, tended - ended);
	return (struct took){ended - began, tended - ended};
}

static struct took run(struct bench *b, const struct lines *lines, double *times, bool again)
{
	struct answer answers[BATCH];
	struct event events[BATCH];
	struct wn_arena *a = wn_arena_new(0);
	struct took all = {0};

	for (size_t at = 0; at < lines->v.n; at += BATCH) {
		size_t some = lines->v.n - at < BATCH ? lines->v.n - at : BATCH;
		wn_arena_reset(a);
		for (size_t i = 0; i < some; i++)
			read_event(lines->v.v[at + i], a, &events[i]);
		struct took one = run_batch(b, events, some, times + at, answers, again);
		all.events += one.events;
		all.tending += one.tending;
		for (size_t i = 0; i < some && !again; i++)
			printf("%" PRIu64 " %" PRIu64 " %016" PRIx64 "\n", events[i].id, answers[i].n, answers[i].digest);
	}
	wn_arena_free(a);
	return all;
}

/* Of several passes the mean is of the least times, of one it is of the processor's. */
static void report(struct bench *b, double *times, size_t n, struct took took, size_t passes)
{
	double sum = 0, own = clock_s(clock_of(b));

	for (size_t i = 0; i < n; i++) {
		times[i] -= own;
		sum += times[i];
	}
	if (passes == 1)
		sum = took.events - own * (double)n;
	qsort(times, n, sizeof(*times), by_size);
	fprintf(stderr, "cpu per event: mean %.0f ns median %.0f ns p99 %.0f ns (the clock's own %.0f ns taken off); between batches %.0f ns\n",
		sum / (double)n * 1e9, times[n / 2] * 1e9, times[(size_t)((double)n * 0.99)] * 1e9, own * 1e9, took.tending / (double)n * 1e9);
	fprintf(stderr, "%.2f candidates an event; longest filing of 256 rules%s %.1f ms\n", (double)b->n_candidates / (double)n,
		b->pauses ? " or insert" : "", b->longest_s * 1e3);
}

struct arguments {
	const char *rules, *events, *learn;
	size_t max_rules, max_events, passes;
	bool pauses;
};

static size_t count_of(const char *text)
{
	size_t n = 0;

	for (; text && *text >= '0' && *text <= '9'; text++)
		n = n * 10 + (size_t)(*text - '0');
	return n;
}

static struct arguments arguments(int argc, char **argv)
{
	struct arguments a = {.max_rules = SIZE_MAX, .max_events = SIZE_MAX, .passes = 1};

	if (argc < 3 || argc % 2 == 0)
		die("usage", "match RULES.tsv EVENTS.jsonl [--learn EVENTS.jsonl] [--rules N] [--events N] [--passes N]");
	a.rules = argv[1];
	a.events = argv[2];
	for (int i = 3; i < argc; i += 2)
		if (strcmp(argv[i], "--learn") == 0)
			a.learn = argv[i + 1];
		else if (strcmp(argv[i], "--rules") == 0)
			a.max_rules = count_of(argv[i + 1]);
		else if (strcmp(argv[i], "--events") == 0)
			a.max_events = count_of(argv[i + 1]);
		else if (strcmp(argv[i], "--passes") == 0)
			a.passes = count_of(argv[i + 1]);
		else if (strcmp(argv[i], "--pauses") == 0)
			a.pauses = count_of(argv[i + 1]) > 0;
		else
			die("unknown option", argv[i]);
	return a;
}

static void free_kept(struct bench *b)
{
	for (size_t i = 0; i < b->n_kept; i++)
		cel_program_free(b->kept[i].program);
	free(b->kept);
}

/* What the first rules make once for the process (tables of the C library and of RE2) is there before memory is counted, and so is the
 * compiler's room, which has one size whatever the number of rules. */
static void warm_up(const struct arguments *a, struct wn_arena *compiling)
{
	struct wn_match_env menv;
	struct bench b = {.env = world(&menv), .compiling = compiling};

	b.index = wn_index_new(&menv);
	(void)wn_arena_alloc(compiling, ROOM - 1024);
	each_line(a->rules, 20, on_rule_line, &b);
	while (wn_index_tend(b.index, 256))
		;
	free_kept(&b);
	wn_index_free(b.index);
	cel_env_free(b.env);
}

static void load(struct bench *b, const struct arguments *a)
{
	struct wn_index_size size;

	warm_up(a, b->compiling);
	malloc_trim(0);
	size_t before = resident();
	double t0 = cpu_s();

	each_line(a->rules, a->max_rules, on_rule_line, b);
	double t1 = cpu_s();
	if (a->learn) {
		struct lines es = {.arena = wn_arena_new(0)};
		struct event e;
		each_line(a->learn, SIZE_MAX, on_event_line, &es);
		for (size_t i = 0; i < es.v.n; i++) {
			wn_arena_reset(b->arena);
			read_event(es.v.v[i], b->arena, &e);
			wn_index_learn(b->index, &(struct wn_probe){&e.signal.object, &e.account.object});
		}
		wn_arena_free(es.arena);
	}
	double t2 = cpu_s();
	for (double began = t2; wn_index_tend(b->index, 256); began = cpu_s())
		paused(b, cpu_s() - began);
	double tend_s = cpu_s() - t2;
	malloc_trim(0);
	wn_index_measure(b->index, &size);
	double n = b->n_rules ? (double)b->n_rules : 1;
	fprintf(stderr, "rules %zu: load %.3f s (compile %.3f, file %.3f, file again %.3f)\n", b->n_rules, t1 - t0 + tend_s, b->compile_s,
		b->put_s, tend_s);
	fprintf(stderr, "resident bytes per rule %.0f (accounted %.0f: rules %.0f, keys %.0f, values %.0f)\n",
		(double)(resident() - before) / n, (double)size.bytes / n, (double)size.bytes_rules / n, (double)size.bytes_keys / n,
		(double)size.bytes_values / n);
	fprintf(stderr, "keys %.2f a rule, keyless %zu, opaque %zu, programs kept %zu\n", (double)size.keys / n, size.keyless, size.opaque,
		b->n_kept);
}

int main(int argc, char **argv)
{
	struct arguments a = arguments(argc, argv);
	struct wn_match_env menv;
	struct bench b = {.env = world(&menv), .arena = wn_arena_new(WN_CEL_MEMORY_MAX), .compiling = wn_arena_new_small(ROOM), .pauses = a.pauses};
	struct lines es = {.arena = wn_arena_new(0)};

	b.index = wn_index_new(&menv);
	each_line(a.events, a.max_events, on_event_line, &es);
	load(&b, &a);
	double *times = wn_alloc((es.v.n + 1) * sizeof(*times));
	struct took took = {0};
	for (size_t i = 0; i < a.passes; i++) {
		struct took one = run(&b, &es, times, i > 0);
		took.events += one.events;
		took.tending += one.tending;
	}
	if (es.v.n)
		report(&b, times, es.v.n, took, a.passes);
	free_kept(&b);
	free(times);
	wn_index_free(b.index);
	cel_env_free(b.env);
	wn_arena_free(es.arena);
	wn_arena_free(b.arena);
	wn_arena_free(b.compiling);
	return 0;
}
