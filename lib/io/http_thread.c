/* SPDX-License-Identifier: MIT */
/*
 * Requests on a thread of their own: libcurl and the kernel take two thirds of a poll, what we make of the answer the rest, so two cores
 * work. Two clients (http_client.c): `far`, which the thread alone uses on a loop of its own, and `near`, on the caller's loop, which
 * makes all calls and runs those with on_data, whose caller is asked in the middle.
 *
 * A call has one owner at a time: the caller makes it and puts it into `asked`, the thread runs it and puts it into `answered`, the
 * caller ends it. Both lists are under the lock; who puts something into an empty one wakes the other side by an eventfd, and whoever
 * looks takes all. Answers are put there once a turn. The thread begins with the first request, and touches neither the log nor fibers.
 *
 * Not all that are asked begin at once: more calls under way than keep the thread busy only drive each other out of the processor's
 * cache, and lengthen libcurl's walks over its connections. A window of them does; while a millisecond brings no end of any, it is the
 * network that is waited for, and more begin.
 */
#include "http_internal.h"
#include "loop_internal.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	STACK = 256 << 10, /* the deepest that was seen, with TLS, touched 20 KiB; names are looked up by threads of libcurl's own */
	WINDOW = 32,       /* calls that keep the thread busy where answers come at once: 16 to 96 did as well */
	MORE = 16,         /* that begin when an idle millisecond has passed: all 200 within 11 ms */
};

struct list {
	struct wn_http_call *first, **last;
};

struct wn_http_thread {
	struct wn_net net; /* first */
	struct wn_loop *loop;
	struct wn_http_client *near;
	struct wn_watch *watch;
	int calls_n;
	bool delivering; /* to come by wn_loop_soon */

	pthread_t thread;
	bool running;
	struct wn_clock *far_clock;
	struct wn_loop *far_loop;
	struct wn_http_client *far;
	struct wn_watch *far_watch, *far_timer;
	struct list waiting; /* not begun yet */
	bool timing;         /* as long as there are any */
	int ended;           /* since the timer was armed */
	struct list over;    /* not in `answered` yet */
	int over_n;

	pthread_mutex_t lock;
	struct list asked, answered;
	int asked_fd, answered_fd;
	bool cancelling, stopping;
	bool unheard; /* the thread was asked for a sign of life */
};

/* --- lists ---- */
static void clear(struct list *l) { *l = (struct list){.last = &l->first}; }

static void append(struct list *l, struct wn_http_call *c)
{
	c->next = NULL;
	*l->last = c;
	l->last = &c->next;
}

static struct wn_http_call *take_all(struct list *l)
{
	struct wn_http_call *first = l->first;

	clear(l);
	return first;
}

static void wake(int fd)
{
	uint64_t one = 1;
	ssize_t done = write(fd, &one, sizeof(one));

	(void)done; /* full: it will be read */
}

static void was_woken(int fd)
{
	uint64_t n;
	ssize_t done = read(fd, &n, sizeof(n));

	(void)done;
}

/* All of `from`. */
static void move(struct list *from, struct list *to)
{
	if (!from->first)
		return;
	*to->last = from->first;
	to->last = from->last;
	clear(from);
}

static void hand_over(struct wn_http_thread *t, struct list *from, struct list *to, int fd)
{
	bool was_empty;

	if (!from->first)
		return;
	pthread_mutex_lock(&t->lock);
	was_empty = !to->first;
	move(from, to);
	pthread_mutex_unlock(&t->lock);
	if (was_empty)
		wake(fd);
}

/* --- the thread ---- */
static void on_over(struct wn_http_call *c)
{
	struct wn_http_thread *t = c->client->owner;

	append(&t->over, c);
	t->over_n++;
}

static void on_asked(void *ctx, int events)
{
	(void)events;
	was_woken(((struct wn_http_thread *)ctx)->asked_fd); /* what for is looked up each turn */
}

static void begin_some(struct wn_http_thread *t, int n)
{
	struct wn_http_call *c;

	while (n-- > 0 && (c = t->waiting.first)) {
		t->waiting.first = c->next;
		if (!c->next)
			clear(&t->waiting);
		wn_http_call_run(t->far, c);
		if (atomic_load(&c->cancelled))
			wn_http_cancel(&t->far->net, c);
	}
}

static void time_waiting(struct wn_http_thread *t)
{
	if (t->waiting.first && !t->timing) {
		t->timing = true;
		t->ended = 0;
		wn_watch_arm_once(t->far_timer, -1, 0, 1);
	}
}

static void on_millisecond(void *ctx, int events)
{
	struct wn_http_thread *t = ctx;

	(void)events;
	t->timing = false;
	if (!t->ended)
		begin_some(t, MORE);
	time_waiting(t);
}

/* As many as fill the window; where more are under way, nearly as many as have ended. */
static void begin_next(struct wn_http_thread *t)
{
	int room = WINDOW - t->far->calls_n, fewer = t->over_n - t->over_n / 8;

	begin_some(t, room > fewer ? room : fewer);
	time_waiting(t);
	t->ended += t->over_n;
	t->over_n = 0;
}

/* False: it is time to go, and nothing waits any more. */
static bool take_asked(struct wn_http_thread *t)
{
	pthread_mutex_lock(&t->lock);
	move(&t->asked, &t->waiting);
	bool cancelling = t->cancelling, stopping = t->stopping;
	t->cancelling = t->unheard = false;
	pthread_mutex_unlock(&t->lock);
	if (cancelling || stopping)
		begin_some(t, INT_MAX); /* whatever ends has begun: there is one way to end */
	for (struct wn_http_call *c = cancelling ? t->far->calls : NULL; c; c = c->next)
		if (atomic_load(&c->cancelled))
			wn_http_cancel(&t->far->net, c); /* ends later: nothing is called, and nothing freed, in there */
	return !stopping;
}

static void *run(void *ctx)
{
	struct wn_http_thread *t = ctx;

	pthread_setname_np(pthread_self(), "whynowd-http");
	wn_loop_begin(t->far_loop);
	for (;;) {
		wn_loop_run_ready(t->far_loop);
		hand_over(t, &t->over, &t->answered, t->answered_fd);
		if (!take_asked(t))
			break;
		begin_next(t);
		wn_loop_turn(t->far_loop);
	}
	wn_loop_end(t->far_loop);
	return NULL;
}

/* --- the caller ---- */

/* Signals are the caller's. */
static bool begin_thread(struct wn_http_thread *t)
{
	pthread_attr_t attr;
	sigset_t all, before;

	if (t->running)
		return true;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	t->running = pthread_create(&t->thread, &attr, run, t) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return t->running;
}

/* One at a time: kept back for company they let the thread wait. */
static void ask(struct wn_http_thread *t, struct wn_http_call *c)
{
	struct list one;

	clear(&one);
	append(&one, c);
	hand_over(t, &one, &t->asked, t->asked_fd);
}

static void end_all(struct wn_http_thread *t, struct wn_http_call *c)
{
	for (struct wn_http_call *next; c; c = next) {
		next = c->next;
		wn_loop_busy(t->loop, -1);
		t->calls_n--;
		wn_http_call_end(c);
	}
}

static void deliver(void *ctx)
{
	struct wn_http_thread *t = ctx;

	t->delivering = false;
	pthread_mutex_lock(&t->lock);
	struct wn_http_call *answered = take_all(&t->answered);
	pthread_mutex_unlock(&t->lock);
	end_all(t, answered);
}

static void on_answered(void *ctx, int events)
{
	struct wn_http_thread *t = ctx;

	(void)events;
	was_woken(t->answered_fd);
	if (!t->delivering)
		wn_loop_soon(t->loop, deliver, t);
	t->delivering = true;
}

static enum wn_rc start(struct wn_net *net, const struct wn_http_request *req, wn_http_done *on_done, void *ctx, struct wn_http_call **out,
			struct wn_err *err)
{
	struct wn_http_thread *t = (struct wn_http_thread *)net;
	struct wn_http_call *c;
	enum wn_rc rc;

	if (req->on_data)
		return wn_http_start(&t->near->net, req, on_done, ctx, out, err);
	if (t->calls_n >= t->near->calls_max)
		return wn_fail(err, WN_LIMIT, "%d requests are under way already", t->calls_n);
	rc = wn_http_call_new(&t->near->made, req, on_done, ctx, &c, err);
	if (rc)
		return rc;
	if (!begin_thread(t)) {
		wn_http_call_drop(c);
		return wn_fail(err, WN_LIMIT, "the system gives no thread for requests");
	}
	t->calls_n++;
	wn_loop_busy(t->loop, 1);
	ask(t, c);
	if (out)
		*out = c;
	return WN_OK;
}

static void cancel(struct wn_net *net, struct wn_http_call *c)
{
	struct wn_http_thread *t = (struct wn_http_thread *)net;

	if (c->req.on_data) {
		wn_http_cancel(&t->near->net, c);
		return;
	}
	atomic_store(&c->cancelled, true);
	pthread_mutex_lock(&t->lock);
	bool first = !t->cancelling;
	t->cancelling = true;
	pthread_mutex_unlock(&t->lock);
	if (first)
		wake(t->asked_fd);
}

bool wn_http_thread_is_alive(struct wn_net *net)
{
	struct wn_http_thread *t = (struct wn_http_thread *)net;

	pthread_mutex_lock(&t->lock);
	bool alive = !t->unheard, ask = t->calls_n > 0;
	t->unheard |= ask;
	pthread_mutex_unlock(&t->lock);
	if (ask)
		wake(t->asked_fd);
	return alive;
}

static int new_eventfd(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (fd < 0)
		abort(); /* at start */
	return fd;
}

struct wn_net *wn_http_thread_new(struct wn_loop *l, const struct wn_http_options *options)
{
	struct wn_http_thread *t = wn_alloc(sizeof(*t));

	*t = (struct wn_http_thread){.net = {.start = start, .cancel = cancel}, .loop = l, .asked_fd = new_eventfd(), .answered_fd = new_eventfd()};
	clear(&t->waiting);
	clear(&t->over);
	clear(&t->asked);
	clear(&t->answered);
	pthread_mutex_init(&t->lock, NULL);
	t->near = (struct wn_http_client *)wn_http_client_new(l, options);
	t->far_clock = wn_clock_new_live();
	t->far_loop = wn_loop_new(t->far_clock);
	t->far = (struct wn_http_client *)wn_http_client_new(t->far_loop, options);
	t->far->over = on_over;
	t->far->owner = t;
	t->far_watch = wn_watch_new(t->far_loop, t->asked_fd, WN_READ, on_asked, t);
	t->far_timer = wn_watch_new_once(t->far_loop, on_millisecond, t);
	t->watch = wn_watch_new(l, t->answered_fd, WN_READ, on_answered, t);
	return &t->net;
}

/* After it everything is the caller's. */
static void end_thread(struct wn_http_thread *t)
{
	if (!t->running)
		return;
	pthread_mutex_lock(&t->lock);
	t->stopping = true;
	pthread_mutex_unlock(&t->lock);
	wake(t->asked_fd);
	pthread_join(t->thread, NULL);
}

void wn_http_thread_free(struct wn_net *net)
{
	struct wn_http_thread *t = (struct wn_http_thread *)net;

	if (!t)
		return;
	t->near->calls_max = 0; /* nothing starts any more */
	end_thread(t);
	wn_http_client_free(&t->far->net);
	wn_loop_not_soon(t->loop, t);
	deliver(t);
	end_all(t, take_all(&t->over));
	wn_http_client_free(&t->near->net);
	wn_watch_free(t->watch);
	wn_watch_free(t->far_watch);
	wn_watch_free(t->far_timer);
	wn_loop_free(t->far_loop);
	wn_clock_free(t->far_clock);
	pthread_mutex_destroy(&t->lock);
	close(t->asked_fd);
	close(t->answered_fd);
	free(t);
}
