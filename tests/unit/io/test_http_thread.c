/* SPDX-License-Identifier: MIT */
/* What becomes of many requests at once, whoever makes them, and what is special where a thread does. No fibers here: the thread
 * sanitizer (tests/tiers/test_unit.py) does not know them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka wants the four first */
#include <cmocka.h>
#include "http_world.h"

#include <dirent.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

enum { MANY = 100 }; /* more than a thread begins at once */

struct count {
	struct world *w;
	int done, ok, cancelled, left;
	bool inside;
	struct wn_http_call *calls[MANY]; /* that on_done_cancel cancels */
	int calls_n;
	struct count *others; /* whose calls are ours */
};

static void on_done(void *ctx, struct wn_http_response *r)
{
	struct count *c = ctx;

	assert_false(c->inside);
	c->done++;
	c->ok += r->rc == WN_OK && wn_str_is(r->body, "fine");
	c->cancelled += r->rc == WN_CANCELLED && r->failure == WN_HTTP_CANCELLED;
	wn_http_response_free(r);
}

static struct wn_http_call *begin(struct count *c, const char *path, wn_http_done *done)
{
	struct wn_http_call *call = NULL;
	enum wn_rc rc;

	c->inside = true;
	rc = wn_http_start(c->w->net, &(struct wn_http_request){.url = url(path), .allow_private = true}, done, c, &call, NULL);
	c->inside = false;
	assert_int_equal(rc, WN_OK);
	assert_non_null(call);
	return call;
}

/* --- many ---- */
static void on_done_next(void *ctx, struct wn_http_response *r)
{
	struct count *c = ctx;

	on_done(c, r);
	if (c->left-- > 0)
		begin(c, "ok", on_done_next);
}

static void what_is_asked_in_one_turn_and_from_each_answer_is_all_answered(void **state)
{
	struct count c = {.w = *state, .left = 300};

	renew(c.w, &(struct wn_http_options){.per_host_max = 60});
	for (int i = 0; i < 40; i++)
		begin(&c, "ok", on_done_next);
	wn_loop_run_until_idle(c.w->loop);
	assert_int_equal(c.done, 340);
	assert_int_equal(c.ok, 340);
}

static void the_ceiling_holds_and_what_is_over_makes_room(void **state)
{
	struct world *w = *state;
	struct count c = {.w = w};
	struct wn_http_request req = {.url = url("ok"), .allow_private = true};
	struct wn_http_response *r = NULL;

	renew(w, &(struct wn_http_options){.requests_max = 3});
	for (int turn = 1; turn <= 2; turn++) {
		for (int i = 0; i < 3; i++)
			begin(&c, "ok", on_done);
		assert_int_equal(wn_http_start(w->net, &req, on_done, &c, NULL, NULL), WN_LIMIT);
		wn_loop_run_until_idle(w->loop);
		assert_int_equal(c.ok, 3 * turn);
	}
	assert_int_equal(wn_http_fetch(w->loop, w->net, &(struct wn_http_request){.url = "ftp://x/"}, &r, NULL), WN_INVALID);
}

/* --- the end that the caller sets ---- */
static void on_done_cancel(void *ctx, struct wn_http_response *r)
{
	struct count *c = ctx;

	on_done(c, r);
	while (c->calls_n)
		wn_http_cancel(c->w->net, c->calls[--c->calls_n]);
}

static void on_done_forget(void *ctx, struct wn_http_response *r)
{
	struct count *c = ctx;

	on_done(c, r);
	c->others->calls_n = 0; /* the call is no more */
}

static void what_is_cancelled_on_its_way_ends_once(void **state)
{
	struct count c = {.w = *state};

	for (int i = 0; i < MANY; i++)
		c.calls[c.calls_n++] = begin(&c, "silent", on_done);
	while (c.calls_n)
		wn_http_cancel(c.w->net, c.calls[--c.calls_n]);
	assert_int_equal(c.done, 0);
	wn_loop_run_until_idle(c.w->loop);
	assert_int_equal(c.cancelled, MANY);
	renew(c.w, &(struct wn_http_options){.per_host_max = 2 * MANY, .connections_max = 2 * MANY});
	for (int i = 0; i < MANY; i++)
		c.calls[c.calls_n++] = begin(&c, "silent", on_done);
	begin(&c, "ok", on_done_cancel); /* it does not wait for the others */
	wn_loop_run_until_idle(c.w->loop);
	assert_int_equal(c.cancelled, 2 * MANY);
	assert_int_equal(c.ok, 1);
}

/* One or the other: the moment decides. */
static void what_is_cancelled_as_its_answer_comes_ends_once(void **state)
{
	struct world *w = *state;
	int ok = 0, cancelled = 0;

	for (int turn = 0; turn < 20; turn++) {
		struct count first = {.w = w}, second = {.w = w};

		begin(&first, "ok", on_done_cancel);
		first.calls[first.calls_n++] = begin(&second, "ok", on_done_forget);
		second.others = &first;
		wn_loop_run_until_idle(w->loop);
		assert_int_equal(first.ok, 1);
		assert_int_equal(second.done, 1);
		ok += second.ok;
		cancelled += second.cancelled;
	}
	assert_int_equal(ok + cancelled, 20);
}

static void stop_loop(void *ctx, struct wn_http_response *r)
{
	on_done(ctx, r);
	wn_loop_stop(((struct count *)ctx)->w->loop);
}

static void on_done_ask_again(void *ctx, struct wn_http_response *r)
{
	struct count *c = ctx;

	on_done(c, r);
	assert_int_equal(wn_http_start(c->w->net, &(struct wn_http_request){.url = url("ok"), .allow_private = true}, on_done, c, NULL, NULL), WN_LIMIT);
}

static void a_network_that_goes_ends_what_is_asked_under_way_and_answered(void **state)
{
	struct count c = {.w = *state};

	renew(c.w, &(struct wn_http_options){.per_host_max = 60});
	for (int i = 0; i < MANY; i++)
		begin(&c, i % 10 ? "ok" : "silent", on_done);
	begin(&c, "ok", stop_loop);
	wn_loop_run(c.w->loop);
	begin(&c, "silent", on_done_ask_again);
	renew(c.w, NULL);
	assert_int_equal(c.done, MANY + 2);
	assert_int_equal(c.ok + c.cancelled, MANY + 2);
	assert_true(c.cancelled >= MANY / 10 + 1);
	wn_loop_run_until_idle(c.w->loop); /* nothing waits any more */
}

/* --- streams, beside others ---- */
struct stream {
	struct count c;
	pthread_t caller;
	size_t bytes;
	struct wn_http_call *call;
};

static bool on_data(void *ctx, struct wn_str bytes)
{
	struct stream *s = ctx;

	assert_true(pthread_equal(pthread_self(), s->caller));
	s->bytes += bytes.n;
	wn_loop_stop(s->c.w->loop);
	return true;
}

static void begin_stream(struct stream *s, const char *path)
{
	struct wn_http_request req = {.url = url(path), .allow_private = true, .on_data = on_data, .slow_bytes = 1};

	assert_int_equal(wn_http_start(s->c.w->net, &req, on_done, s, &s->call, NULL), WN_OK);
}

static void a_stream_comes_on_the_loop_of_its_caller_until_it_is_cancelled(void **state)
{
	struct stream s = {.c = {.w = *state}, .caller = pthread_self()};
	struct count c = {.w = *state};

	begin_stream(&s, "ok");
	begin(&c, "ok", on_done);
	while (!s.c.done)
		wn_loop_run_until_idle(s.c.w->loop);
	assert_int_equal(s.bytes, 4);
	begin_stream(&s, "drip");
	wn_loop_run(s.c.w->loop);
	wn_http_cancel(s.c.w->net, s.call);
	while (s.c.done < 2)
		wn_loop_run_until_idle(s.c.w->loop);
	assert_int_equal(s.c.cancelled, 1);
	begin_stream(&s, "drip");
	wn_loop_run(s.c.w->loop);
	renew(s.c.w, NULL);
	assert_int_equal(s.c.cancelled, 2);
	assert_int_equal(c.ok, 1);
}

/* --- the thread ---- */
static int threads_named(const char *name)
{
	DIR *d = opendir("/proc/self/task");
	int n = 0;

	for (struct dirent *e; (e = readdir(d));) {
		char path[300], text[32] = "";
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		FILE *f = fopen(path, "r");
		n += f && fgets(text, sizeof(text), f) && strncmp(text, name, strlen(name)) == 0;
		if (f)
			fclose(f);
	}
	closedir(d);
	return n;
}

static void the_thread_begins_with_the_first_request_and_ends_with_the_network(void **state)
{
	struct world *w = *state;
	struct count c = {.w = w};

	assert_int_equal(threads_named("whynowd-http"), 0);
	begin(&c, "ok", on_done);
	wn_loop_run_until_idle(w->loop);
	assert_int_equal(c.ok, 1);
	assert_int_equal(threads_named("whynowd-http"), 1);
	begin(&c, "ok", on_done);
	wn_loop_run_until_idle(w->loop);
	assert_int_equal(threads_named("whynowd-http"), 1);
	renew(w, NULL);
	assert_int_equal(threads_named("whynowd-http"), 0);
}

/* Somebody holds the thread up where it asks for a test's names. */
struct hold {
	sem_t in, out;
	bool blocked, elsewhere;
	pthread_t caller;
};

static const char *resolve(void *ctx, const char *host)
{
	struct hold *h = ctx;
	sigset_t set;

	(void)host;
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	h->blocked = sigismember(&set, SIGTERM) && sigismember(&set, SIGHUP) && sigismember(&set, SIGINT);
	h->elsewhere = !pthread_equal(pthread_self(), h->caller);
	sem_post(&h->in);
	sem_wait(&h->out);
	return NULL;
}

static void stop(void *loop) { wn_loop_stop(loop); }
static void leave_it(void *ctx, struct sockaddr_storage *addr) { (void)ctx, (void)addr; }

static void a_thread_that_is_held_up_gives_no_sign_of_life(void **state)
{
	struct hold h = {.caller = pthread_self()};
	const struct wn_http_wiring wiring = {resolve, leave_it, &h};
	struct world *w = *state;
	struct count c = {.w = w};

	sem_init(&h.in, 0, 0);
	sem_init(&h.out, 0, 0);
	renew(w, &(struct wn_http_options){.wiring = &wiring});
	for (int i = 0; i < 3; i++)
		assert_true(wn_http_thread_is_alive(w->net)); /* with nothing to do it need not tell */
	begin(&c, "ok", stop_loop);
	wn_loop_soon(w->loop, stop, w->loop);
	wn_loop_run(w->loop);
	sem_wait(&h.in);
	assert_true(h.elsewhere && h.blocked);
	assert_true(wn_http_thread_is_alive(w->net));
	assert_false(wn_http_thread_is_alive(w->net));
	assert_false(wn_http_thread_is_alive(w->net));
	sem_post(&h.out);
	wn_loop_run(w->loop);
	assert_int_equal(c.ok, 1);
	assert_true(wn_http_thread_is_alive(w->net));
	sem_destroy(&h.in);
	sem_destroy(&h.out);
}

#define ON(kind, f) {#kind ": " #f, f, open_world, close_world, (void *)&kind}
#define TEST(f) ON(on_loop, f), ON(on_thread, f)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_asked_in_one_turn_and_from_each_answer_is_all_answered),
	    TEST(the_ceiling_holds_and_what_is_over_makes_room),
	    TEST(what_is_cancelled_on_its_way_ends_once),
	    TEST(what_is_cancelled_as_its_answer_comes_ends_once),
	    TEST(a_network_that_goes_ends_what_is_asked_under_way_and_answered),
	    TEST(a_stream_comes_on_the_loop_of_its_caller_until_it_is_cancelled),
	    ON(on_thread, the_thread_begins_with_the_first_request_and_ends_with_the_network),
	    ON(on_thread, a_thread_that_is_held_up_gives_no_sign_of_life),
	};
	return cmocka_run_group_tests(tests, start_server, stop_server);
}
