/*
 * Calls the library through its header as a C program would, and holds every answer against what the header promises.
 *
 *   abi full           all cases, with requests of 64 MiB
 *   abi quick          all cases, small: for valgrind and sanitizers, which look at every access
 *   abi full NAME...   these cases only
 *
 * C99, libc and POSIX threads (winpthreads on Windows). The library must be built with its feature test-panic; with
 * AS_SHIPPED defined, without it, and then that is what the cases about panics look at. Standard output and error are caught for as long as the cases run, because the library must not write to them; the program
 * itself writes to a copy of its standard output. It ends with 0 if every case passed.
 */
#define _POSIX_C_SOURCE 200809L

#include "exchange_control.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef _WIN32
#include <io.h>
#define dup _dup
#define dup2 _dup2
#define fdopen _fdopen
#define fileno _fileno
#define ftruncate _chsize
#define lseek _lseek
#define read _read
#define write _write
#else
#include <unistd.h>
#endif

#define THREADS 4
#define CONTROLS 2
#define CONTROL_IDS "\"controlIds\":[\"EDCA-TLS-011\",\"EX16-ED-000170\"]"

/* How much is done: set by the first argument. */
static int quick = 0;
static size_t large;        /* bytes of a large request */
static unsigned rounds;     /* rounds of five calls that must not grow memory */
static unsigned crowd;      /* runs alive at once */
static unsigned some;       /* targets of a run of several batches */
static double limit;        /* seconds that a large request may take */

/* Telling what happens. */

static FILE *out;
static FILE *caught;
static const char *current = "start";
static const char *asked; /* the request of a table of them, to tell which one failed */
static size_t asked_length;

/* Writes what was caught of standard output and error to where the program reports. */
static void tell_caught(void)
{
    char part[4096];
    int from = fileno(caught), to = fileno(out);
    if (lseek(from, 0, SEEK_SET) != 0)
        return;
    for (;;) {
        int length = (int)read(from, part, sizeof part);
        if (length <= 0 || write(to, part, (unsigned)length) < 0)
            return;
    }
}

/* The library ended the program, or does not come back. */
static void on_signal(int signal_number)
{
    fprintf(out, "FAILED %s: signal %d\n", current, signal_number);
    fflush(out);
    tell_caught();
    _Exit(3);
}

static void fail(int line, const char *format, ...)
{
    va_list arguments;
    fprintf(out, "FAILED %s (abi.c:%d): ", current, line);
    va_start(arguments, format);
    vfprintf(out, format, arguments);
    va_end(arguments);
    if (asked != NULL)
        fprintf(out, "\n  asked: %.*s", asked_length < 400 ? (int)asked_length : 400, asked);
    fprintf(out, "\n");
    fflush(out);
    tell_caught();
    _Exit(1);
}

#define EXPECT(condition)                                 \
    do {                                                  \
        if (!(condition))                                 \
            fail(__LINE__, "expected %s", #condition);    \
    } while (0)

static long caught_bytes(void)
{
    return (long)lseek(fileno(caught), 0, SEEK_END);
}

/* Standard output and error go to a file from here on; that they do is tried with a byte each. */
static void catch_output(void)
{
    int copy = dup(1);
    out = copy < 0 ? NULL : fdopen(copy, "w");
    caught = tmpfile();
    if (out == NULL || caught == NULL || dup2(fileno(caught), 1) < 0 || dup2(fileno(caught), 2) < 0) {
        perror("catching the output");
        exit(2);
    }
    EXPECT(caught_bytes() == 0);
    EXPECT(write(1, "1", 1) == 1 && write(2, "2", 1) == 1);
    EXPECT(caught_bytes() == 2);
    EXPECT(ftruncate(fileno(caught), 0) == 0 && caught_bytes() == 0);
    signal(SIGABRT, on_signal);
#ifdef SIGALRM
    signal(SIGALRM, on_signal);
    alarm(1800);
#endif
}

/* Seconds since some moment. */
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void pause_shortly(void)
{
    struct timespec time = {0, 1000000};
    nanosleep(&time, NULL);
}

/* Texts to send. */

typedef struct {
    char *bytes;
    size_t length, capacity;
} text;

static void append_bytes(text *to, const char *bytes, size_t length)
{
    if (to->length + length > to->capacity) {
        to->capacity = 2 * to->capacity + length + 256;
        to->bytes = realloc(to->bytes, to->capacity);
        EXPECT(to->bytes != NULL);
    }
    memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

static void append(text *to, const char *string)
{
    append_bytes(to, string, strlen(string));
}

/* Appends a string again and again until the text has the size. */
static void fill(text *to, const char *string, size_t size)
{
    size_t length = strlen(string);
    while (to->length < size)
        append_bytes(to, string, length);
}

static void discard(text *it)
{
    free(it->bytes);
    memset(it, 0, sizeof *it);
}

/* One connector. Every second one ignores STARTTLS, so that it fails. */
static void append_connector(text *to, unsigned number)
{
    char connector[320];
    snprintf(connector, sizeof connector,
             "%s{\"Identity\":\"C-%u\",\"Name\":\"C-%u\",\"Enabled\":true,\"IgnoreSTARTTLS\":%s,"
             "\"AddressSpaces\":[\"SMTP:*;1\"],\"SmartHosts\":[],\"DNSRoutingEnabled\":true,\"RequireTLS\":false}",
             number == 0 ? "" : ",", number, number, number % 2 == 0 ? "true" : "false");
    append(to, connector);
}

static text connectors(unsigned count)
{
    text request = {0};
    unsigned number;
    append(&request, "{" CONTROL_IDS ",\"targets\":[");
    for (number = 0; number < count; number++)
        append_connector(&request, number);
    append(&request, "]}");
    return request;
}

/* Answers that come back. */

typedef struct {
    uint32_t status;
    uint8_t *bytes;
    size_t length;
} reply;

/* What an answer must not be left at. */
static const reply unset = {99, (uint8_t *)1, 12345};

static void give_back(reply *it)
{
    xc_buffer_free(it->bytes, it->length);
    it->bytes = NULL;
    it->length = 0;
}

/* The place of a string in bytes, or NULL. */
static const char *find(const char *from, const char *end, const char *wanted)
{
    size_t length = strlen(wanted);
    while ((size_t)(end - from) >= length) {
        const char *first = memchr(from, wanted[0], (size_t)(end - from) - length + 1);
        if (first == NULL)
            return NULL;
        if (memcmp(first, wanted, length) == 0)
            return first;
        from = first + 1;
    }
    return NULL;
}

static const char *begin(const reply *it)
{
    return (const char *)it->bytes;
}

static const char *end(const reply *it)
{
    return (const char *)it->bytes + it->length;
}

static int has(const reply *it, const char *wanted)
{
    return it->bytes != NULL && find(begin(it), end(it), wanted) != NULL;
}

/* The number after a member's name. */
static unsigned long number_after(const reply *it, const char *name)
{
    const char *place = find(begin(it), end(it), name);
    unsigned long number = 0;
    EXPECT(place != NULL);
    for (place += strlen(name); place < end(it) && *place >= '0' && *place <= '9'; place++)
        number = 10 * number + (unsigned long)(*place - '0');
    return number;
}

static void expect_reply(int line, const reply *it, uint32_t status, const char *part)
{
    int shown = it->bytes == NULL ? 0 : it->length < 400 ? (int)it->length : 400;
    if (it->status != status || !has(it, part))
        fail(line, "status %u and %.*s, expected status %u and %s", (unsigned)it->status, shown,
             shown == 0 ? "" : begin(it), (unsigned)status, part);
}

/* Holds an answer against its status and a part of its text, and gives it back. */
#define EXPECT_REPLY(call, wanted, part)                       \
    do {                                                       \
        reply answered_ = (call);                              \
        expect_reply(__LINE__, &answered_, (wanted), (part));  \
        give_back(&answered_);                                 \
    } while (0)

static reply version(void)
{
    reply it = unset;
    it.status = xc_version(&it.bytes, &it.length);
    return it;
}

static reply controls(const char *request, size_t length)
{
    reply it = unset;
    it.status = xc_controls((const uint8_t *)request, length, &it.bytes, &it.length);
    return it;
}

static reply start(const char *request, size_t length, xc_run **run)
{
    reply it = unset;
    *run = (xc_run *)1;
    it.status = xc_run_start((const uint8_t *)request, length, run, &it.bytes, &it.length);
    EXPECT((it.status == XC_OK) == (*run != NULL));
    return it;
}

/* Starts what must not start. */
static reply refused(const char *request, size_t length)
{
    xc_run *run;
    reply it = start(request, length, &run);
    EXPECT(run == NULL);
    return it;
}

static reply next(xc_run *run, uint32_t timeout)
{
    reply it = unset;
    it.status = xc_run_next(run, timeout, &it.bytes, &it.length);
    return it;
}

static reply report(const char *request, size_t length)
{
    reply it = unset;
    it.status = xc_report((const uint8_t *)request, length, &it.bytes, &it.length);
    return it;
}

/* Starts a run of so many connectors. */
static xc_run *start_connectors(unsigned count)
{
    text request = connectors(count);
    xc_run *run;
    reply it = start(request.bytes, request.length, &run);
    EXPECT(it.status == XC_OK);
    EXPECT(number_after(&it, "\"total\":") == (unsigned long)count * CONTROLS);
    EXPECT(has(&it, "\"errors\":[]"));
    give_back(&it);
    discard(&request);
    return run;
}

/* Counts each result of a batch once more in `seen`, which has a place for each control of each connector. */
static unsigned long count_results(const reply *it, unsigned char *seen, unsigned count)
{
    const char *place = begin(it);
    unsigned long results = 0;
    while ((place = find(place, end(it), "{\"controlId\":\"")) != NULL) {
        const char *id = place + strlen("{\"controlId\":\"");
        unsigned control = memcmp(id, "EDCA-TLS-011\"", 13) == 0 ? 0 : 1;
        unsigned long number;
        char *rest;
        EXPECT(control == 0 || memcmp(id, "EX16-ED-000170\"", 15) == 0);
        place = find(id, end(it), "\"identity\":\"C-");
        EXPECT(place != NULL);
        number = strtoul(place + strlen("\"identity\":\"C-"), &rest, 10);
        EXPECT(*rest == '"' && number < count);
        if (seen != NULL) {
            size_t index = CONTROLS * (size_t)number + control;
            EXPECT(seen[index] == 0);
            seen[index] = 1;
        }
        results++;
    }
    return results;
}

static void expect_all_seen(const unsigned char *seen, unsigned count)
{
    size_t index;
    for (index = 0; index < CONTROLS * (size_t)count; index++)
        EXPECT(seen[index] == 1);
}

/* Reads a run of connectors to its end; every result must come exactly once. Answers how many batches there were. */
static unsigned read_with(uint32_t timeout, xc_run *run, unsigned count)
{
    unsigned char *seen = calloc(CONTROLS, count);
    unsigned long total = (unsigned long)count * CONTROLS, done = 0;
    unsigned batches = 0;
    reply it;
    EXPECT(seen != NULL);
    for (;;) {
        it = next(run, timeout);
        if (it.status == XC_PENDING) {
            give_back(&it);
            continue;
        }
        if (it.status != XC_OK)
            break;
        done += count_results(&it, seen, count);
        EXPECT(number_after(&it, "\"progress\":{\"done\":") == done);
        EXPECT(number_after(&it, "\"total\":") == total);
        give_back(&it);
        batches++;
    }
    expect_reply(__LINE__, &it, XC_DONE, "\"cancelled\":false");
    EXPECT(done == total);
    expect_all_seen(seen, count);
    EXPECT(number_after(&it, "\"Fail\":") == (count + 1) / 2);
    EXPECT(number_after(&it, "\"Pass\":") == count / 2);
    EXPECT(number_after(&it, "\"NotApplicable\":") == count);
    EXPECT(number_after(&it, "\"exitCode\":") == 1);
    give_back(&it);
    free(seen);
    return batches;
}

static unsigned read_to_end(xc_run *run, unsigned count)
{
    return read_with(1000, run, count);
}

/* Threads. */

typedef struct {
    pthread_t thread;
    void (*body)(void *);
    void *argument;
} worker;

static void *work(void *it)
{
    ((worker *)it)->body(((worker *)it)->argument);
    return NULL;
}

/* Starts a thread; stack 0 is the system's own size. */
static void begin_work(worker *it, void (*body)(void *), void *argument, size_t stack)
{
    pthread_attr_t attributes;
    it->body = body;
    it->argument = argument;
    EXPECT(pthread_attr_init(&attributes) == 0);
    if (stack != 0)
        EXPECT(pthread_attr_setstacksize(&attributes, stack) == 0);
    EXPECT(pthread_create(&it->thread, &attributes, work, it) == 0);
    pthread_attr_destroy(&attributes);
}

static void end_work(worker *it)
{
    EXPECT(pthread_join(it->thread, NULL) == 0);
}

/* A flag that one thread raises and others look at. */
static pthread_mutex_t flag_lock = PTHREAD_MUTEX_INITIALIZER;

static int is_raised(const int *flag)
{
    int raised;
    pthread_mutex_lock(&flag_lock);
    raised = *flag;
    pthread_mutex_unlock(&flag_lock);
    return raised;
}

static void raise_flag(int *flag)
{
    pthread_mutex_lock(&flag_lock);
    *flag = 1;
    pthread_mutex_unlock(&flag_lock);
}

/* The cases. */

static void case_version(void)
{
    EXPECT(xc_abi_version() == XC_ABI_VERSION);
    EXPECT_REPLY(version(), XC_OK, "{\"");
    EXPECT_REPLY(version(), XC_OK, "\"name\":\"exchange-control\"");
    EXPECT_REPLY(version(), XC_OK, "\"abiVersion\":1");
    EXPECT_REPLY(version(), XC_OK, "\"version\":\"");
}

static void case_controls(void)
{
    static const char one[] = "{\"controlIds\":[\"EDCA-TLS-011\"]}";
    static const char pattern[] = "{\"controlIds\":[\"ex16-*\"]}";
    static const char nobody[] = "{\"controlIds\":[\"EDCA-TLS-011\",\"NOBODY\"]}";
    static const char folder[] = "{\"controlPaths\":[\"no/such/folder\"]}";
    reply all, some_of_them;

    all = controls(NULL, 0);
    EXPECT(all.status == XC_OK);
    EXPECT(has(&all, "\"schemaVersion\":1") && has(&all, "\"errors\":[]"));
    EXPECT(has(&all, "\"id\":\"EDCA-TLS-011\"") && has(&all, "\"id\":\"EX16-ED-000170\""));
    EXPECT(has(&all, "\"fields\":{") && has(&all, "\"SendConnector\":[") && has(&all, "\"IgnoreSTARTTLS\""));

    some_of_them = controls("{}", 2);
    EXPECT(some_of_them.length == all.length && memcmp(some_of_them.bytes, all.bytes, all.length) == 0);
    EXPECT(some_of_them.bytes != all.bytes);
    give_back(&all);
    EXPECT(has(&some_of_them, "\"id\":\"EDCA-TLS-011\"")); /* it does not depend on the buffer that is gone */
    give_back(&some_of_them);

    some_of_them = controls(one, strlen(one));
    EXPECT(some_of_them.status == XC_OK);
    EXPECT(has(&some_of_them, "\"id\":\"EDCA-TLS-011\"") && !has(&some_of_them, "EX16-ED-000170"));
    give_back(&some_of_them);

    some_of_them = controls(pattern, strlen(pattern));
    EXPECT(some_of_them.status == XC_OK);
    EXPECT(has(&some_of_them, "\"id\":\"EX16-ED-000170\"") && !has(&some_of_them, "\"id\":\"EDCA-TLS-011\""));
    give_back(&some_of_them);

    /* What is not there is said in the answer; the rest is listed. */
    some_of_them = controls(nobody, strlen(nobody));
    EXPECT(some_of_them.status == XC_OK);
    EXPECT(has(&some_of_them, "\"id\":\"EDCA-TLS-011\"") && has(&some_of_them, "\"code\":\"unknown-control\""));
    give_back(&some_of_them);
    some_of_them = controls(folder, strlen(folder));
    EXPECT(some_of_them.status == XC_OK);
    EXPECT(has(&some_of_them, "\"code\":\"unreadable-control\"") && has(&some_of_them, "no/such/folder"));
    give_back(&some_of_them);
}

static void case_run_to_done(void)
{
    text copied = connectors(some);
    xc_run *run;
    reply first, again;
    unsigned call;

    EXPECT_REPLY(start(copied.bytes, copied.length, &run), XC_OK, "\"total\":");
    /* The run must not look at the request any more. */
    memset(copied.bytes, 'x', copied.length);
    discard(&copied);
    EXPECT(read_to_end(run, some) > 1);

    first = next(run, 0);
    EXPECT(first.status == XC_DONE);
    EXPECT(has(&first, "\"schemaVersion\":1") && has(&first, "\"tool\":{") && has(&first, "\"generated\":\""));
    for (call = 0; call < 5; call++) {
        again = next(run, 1000 * call);
        EXPECT(again.status == XC_DONE && again.bytes != first.bytes);
        EXPECT(again.length == first.length && memcmp(again.bytes, first.bytes, first.length) == 0);
        give_back(&again);
    }
    /* Too late to be cancelled: what was said stands. */
    EXPECT(xc_run_cancel(run) == XC_OK);
    EXPECT_REPLY(next(run, 0), XC_DONE, "\"cancelled\":false");
    xc_run_free(run);
    EXPECT(has(&first, "\"summary\":{")); /* a buffer outlives its run */
    give_back(&first);

    /* Without waiting, and with all the time there is. */
    run = start_connectors(25);
    read_with(0, run, 25);
    xc_run_free(run);
    run = start_connectors(25);
    read_with(UINT32_MAX, run, 25);
    xc_run_free(run);

    /* Nothing to do is done at once. */
    EXPECT_REPLY(start("{\"targets\":[]}", 14, &run), XC_OK, "\"errors\":[]");
    EXPECT(xc_live_runs() == 1);
    xc_run_free(run);
}

static void case_cancel_same_thread(void)
{
    xc_run *run = start_connectors(some);
    double before;

    /* Before anything was asked for. */
    EXPECT(xc_run_cancel(run) == XC_OK);
    EXPECT(xc_run_cancel(run) == XC_OK);
    before = now();
    EXPECT_REPLY(next(run, 60000), XC_DONE, "\"cancelled\":true,\"exitCode\":3");
    EXPECT(quick || now() - before < 5);
    EXPECT_REPLY(next(run, 60000), XC_DONE, "\"cancelled\":true,\"exitCode\":3");
    xc_run_free(run);

    /* In the middle. */
    run = start_connectors(some);
    EXPECT_REPLY(next(run, 0), XC_OK, "\"results\":[{");
    EXPECT(xc_run_cancel(run) == XC_OK);
    EXPECT_REPLY(next(run, 60000), XC_DONE, "\"cancelled\":true");
    xc_run_free(run);
}

typedef struct {
    xc_run *run;
    unsigned long total, done;
    int *cancelled;
} poller;

/* Polls until the run is over, but keeps half of it for after the cancelling. */
static void poll_until_over(void *argument)
{
    poller *it = argument;
    for (;;) {
        reply answer = next(it->run, 0);
        if (answer.status != XC_OK) {
            expect_reply(__LINE__, &answer, XC_DONE, "\"cancelled\":true");
            give_back(&answer);
            return;
        }
        it->done = number_after(&answer, "\"progress\":{\"done\":");
        give_back(&answer);
        while (it->done > it->total / 2 && !is_raised(it->cancelled))
            pause_shortly();
    }
}

static void cancel_run(void *argument)
{
    EXPECT(xc_run_cancel(argument) == XC_OK);
}

static void case_cancel_other_thread(void)
{
    xc_run *run = start_connectors(some);
    worker canceller, workers[THREADS];
    poller pollers[THREADS];
    int cancelled = 0, index;

    /* Between two calls. */
    EXPECT_REPLY(next(run, 0), XC_OK, "\"results\":[{");
    begin_work(&canceller, cancel_run, run, 0);
    end_work(&canceller);
    EXPECT_REPLY(next(run, 60000), XC_DONE, "\"cancelled\":true");
    xc_run_free(run);

    /* While others poll it: all of them see the end, before all results came. */
    run = start_connectors(4 * some);
    for (index = 0; index < THREADS; index++) {
        pollers[index].run = run;
        pollers[index].total = 4UL * some * CONTROLS;
        pollers[index].done = 0;
        pollers[index].cancelled = &cancelled;
        begin_work(&workers[index], poll_until_over, &pollers[index], 0);
    }
    pause_shortly();
    cancel_run(run);
    raise_flag(&cancelled);
    for (index = 0; index < THREADS; index++) {
        end_work(&workers[index]);
        EXPECT(pollers[index].done < pollers[index].total);
    }
    xc_run_free(run);
}

static void case_free_unread(void)
{
    xc_run *run = start_connectors(some);
    EXPECT(xc_live_runs() == 1);
    xc_run_free(run); /* nothing read */
    EXPECT(xc_live_runs() == 0);

    run = start_connectors(some);
    EXPECT_REPLY(next(run, 1000), XC_OK, "\"results\":[{");
    xc_run_free(run); /* a part read */

    run = start_connectors(some);
    EXPECT(xc_run_cancel(run) == XC_OK);
    xc_run_free(run); /* cancelled, and the end not read */

    run = start_connectors(1);
    EXPECT_REPLY(next(run, 1000), XC_OK, "\"results\":[{");
    xc_run_free(run); /* all results read, and the end not */
    EXPECT(xc_live_runs() == 0);
}

static void case_null_pointers(void)
{
    static const char empty_run[] = "{\"targets\":[]}";
    const uint8_t *request = (const uint8_t *)empty_run;
    const size_t length = sizeof empty_run - 1;
    uint8_t *bytes;
    size_t size;
    xc_run *run;

/* No answer, no length, neither: a code, no buffer, and what there is set to nothing. */
#define WITHOUT_ANSWER(call_with)                                               \
    do {                                                                        \
        bytes = unset.bytes;                                                    \
        size = unset.length;                                                    \
        EXPECT(call_with(&bytes, NULL) == XC_ERROR_NULL && bytes == NULL);      \
        EXPECT(call_with(NULL, &size) == XC_ERROR_NULL && size == 0);           \
        EXPECT(call_with(NULL, NULL) == XC_ERROR_NULL);                         \
    } while (0)
#define VERSION(answer, answer_length) xc_version(answer, answer_length)
#define LIST(answer, answer_length) xc_controls(request, length, answer, answer_length)
#define START(answer, answer_length) xc_run_start(request, length, &run, answer, answer_length)
#define START_NO_RUN(answer, answer_length) xc_run_start(request, length, NULL, answer, answer_length)
#define NEXT(answer, answer_length) xc_run_next(run, 0, answer, answer_length)
#define NEXT_NO_RUN(answer, answer_length) xc_run_next(NULL, 0, answer, answer_length)
#define REPORT(answer, answer_length) xc_report(request, length, answer, answer_length)

    WITHOUT_ANSWER(VERSION);
    WITHOUT_ANSWER(LIST);
    run = (xc_run *)1;
    WITHOUT_ANSWER(START);
    EXPECT(run == NULL && xc_live_runs() == 0);
    WITHOUT_ANSWER(START_NO_RUN);
    WITHOUT_ANSWER(NEXT_NO_RUN);
    WITHOUT_ANSWER(REPORT);

    /* No result is lost by a call that could not answer. */
    run = start_connectors(3);
    WITHOUT_ANSWER(NEXT);
    read_to_end(run, 3);
    WITHOUT_ANSWER(NEXT);
    xc_run_free(run);

    /* No request, though it has a length. */
    EXPECT_REPLY(controls(NULL, 5), XC_ERROR_NULL, "request");
    EXPECT_REPLY(refused(NULL, 5), XC_ERROR_NULL, "request");
    EXPECT_REPLY(report(NULL, 5), XC_ERROR_NULL, "request");
    EXPECT_REPLY(controls(NULL, (size_t)-1), XC_ERROR_NULL, "request");

    /* No place for the run, no run. */
    {
        reply it = unset;
        it.status = xc_run_start(request, length, NULL, &it.bytes, &it.length);
        expect_reply(__LINE__, &it, XC_ERROR_NULL, "\"code\":\"null-argument\"");
        give_back(&it);
    }
    EXPECT(xc_live_runs() == 0);
    EXPECT_REPLY(next(NULL, 60000), XC_ERROR_NULL, "\"error\":{");
    EXPECT(xc_run_cancel(NULL) == XC_ERROR_NULL);
    xc_run_free(NULL);
    xc_buffer_free(NULL, 0);
    xc_buffer_free(NULL, 99);
}

/* Every function that takes a request, with the same one. */
static void expect_refused_by_all(int line, const char *request, size_t length, uint32_t status, const char *part)
{
    reply it;
    asked = request;
    asked_length = length;
    it = controls(request, length);
    expect_reply(line, &it, status, part);
    give_back(&it);
    it = refused(request, length);
    expect_reply(line, &it, status, part);
    give_back(&it);
    it = report(request, length);
    expect_reply(line, &it, status, part);
    give_back(&it);
    asked = NULL;
    EXPECT(xc_live_runs() == 0);
}

static void case_bad_utf8(void)
{
    static const char in_text[] = "{\"targets\":[{\"Name\":\"\xC3\x28\"}]}";
    expect_refused_by_all(__LINE__, "\xFF\xFE", 2, XC_ERROR_UTF8, "byte 0");
    expect_refused_by_all(__LINE__, "{}\x80", 3, XC_ERROR_UTF8, "byte 2");
    expect_refused_by_all(__LINE__, "{\"\xC0\xAF\":1}", 8, XC_ERROR_UTF8, "byte 2"); /* a slash in two bytes */
    expect_refused_by_all(__LINE__, "{\"\xED\xA0\x80\":1}", 9, XC_ERROR_UTF8, "byte 2"); /* half a surrogate pair */
    expect_refused_by_all(__LINE__, "{\"\xF4\x90\x80\x80\":1}", 10, XC_ERROR_UTF8, "byte 2"); /* after the last */
    expect_refused_by_all(__LINE__, "{\"\xE2\x82", 4, XC_ERROR_UTF8, "byte 2"); /* cut off */
    expect_refused_by_all(__LINE__, in_text, sizeof in_text - 1, XC_ERROR_UTF8, "\"code\":\"invalid-utf8\"");
    /* UTF-16, as a caller on Windows might send by mistake. */
    expect_refused_by_all(__LINE__, "{\0}\0", 4, XC_ERROR_REQUEST, "\"error\":{");
}

static void case_empty_request(void)
{
    const char *nowhere = (const char *)1; /* no byte of it may be read */
    EXPECT_REPLY(controls(nowhere, 0), XC_OK, "\"controls\":[{");
    EXPECT_REPLY(controls("", 0), XC_OK, "\"controls\":[{");
    EXPECT_REPLY(refused(NULL, 0), XC_ERROR_REQUEST, "\"code\":\"invalid-request\"");
    EXPECT_REPLY(refused(nowhere, 0), XC_ERROR_REQUEST, "\"code\":\"invalid-request\"");
    EXPECT_REPLY(refused("{}", 2), XC_ERROR_REQUEST, "targets");
    EXPECT_REPLY(refused("  ", 2), XC_ERROR_REQUEST, "\"error\":{");
    EXPECT_REPLY(report(NULL, 0), XC_ERROR_REQUEST, "\"code\":\"invalid-request\"");
    EXPECT_REPLY(report(nowhere, 0), XC_ERROR_REQUEST, "\"code\":\"invalid-request\"");
    EXPECT_REPLY(report("{}", 2), XC_ERROR_REQUEST, "\"error\":{");
}

static void case_malformed_json(void)
{
    static const char *const malformed[] = {
        "{", "}", "[", "[]", "7", "null", "\"text\"", "nul", "<Objs/>", "\xEF\xBB\xBF{}",
        "{\"targets\":[}", "{\"targets\":[]", "{'targets':[]}", "{\"targets\":[],}", "{\"targets\":[]} {}",
        "{\"targets\":[]}x", "{\"unknown\":1}", "{\"targets\":[],\"extra\":1}", "{\"targets\":[],\"targets\":[]}",
        "{\"controlIds\":\"EDCA-TLS-011\"}", "{\"controlIds\":[1]}", "{\"targets\":[],\"controlIds\":[\"\\ud800\"]}",
    };
    text nested = {0};
    size_t index;
    for (index = 0; index < sizeof malformed / sizeof *malformed; index++) {
        const char *request = malformed[index];
        expect_refused_by_all(__LINE__, request, strlen(request), XC_ERROR_REQUEST, "\"code\":\"invalid-request\"");
    }
    /* A zero at the end is not part of JSON. */
    expect_refused_by_all(__LINE__, "{}", 3, XC_ERROR_REQUEST, "\"code\":\"invalid-request\"");
    EXPECT_REPLY(refused("{\"targets\":7}", 13), XC_ERROR_REQUEST, "\"path\":\"/targets\"");
    EXPECT_REPLY(refused("{\"targets\":\"x\"}", 15), XC_ERROR_REQUEST, "\"path\":\"/targets\"");

    /* Nested deep where objects are expected flat. */
    append(&nested, "{\"controlIds\":");
    fill(&nested, "[", 100000);
    expect_refused_by_all(__LINE__, nested.bytes, nested.length, XC_ERROR_REQUEST, "\"error\":{");
    discard(&nested);
    append(&nested, "{\"format\":\"json\",\"document\":{\"schemaVersion\":1,\"results\":");
    fill(&nested, "[", 100000);
    EXPECT_REPLY(report(nested.bytes, nested.length), XC_ERROR_REQUEST, "\"error\":{");
    discard(&nested);
}

static void case_no_control(void)
{
    static const char nobody[] = "{\"targets\":[],\"controlIds\":[\"NOBODY\"]}";
    EXPECT_REPLY(refused(nobody, sizeof nobody - 1), XC_ERROR_NO_CONTROL, "no control is called");
    EXPECT(xc_live_runs() == 0);
}

/* The document of a run: its last answer with its results, as a caller puts it together. */
static text document_of(const char *request, unsigned long results)
{
    text document = {0};
    xc_run *run;
    reply batch, over;
    const char *from, *to, *place;

    EXPECT_REPLY(start(request, strlen(request), &run), XC_OK, "\"total\":");
    batch = next(run, 1000);
    EXPECT(batch.status == (results == 0 ? XC_DONE : XC_OK));
    append(&document, "{");
    if (results > 0) {
        EXPECT(number_after(&batch, "\"progress\":{\"done\":") == results);
        from = find(begin(&batch), end(&batch), "\"results\":[");
        EXPECT(from != NULL);
        for (to = from, place = from; (place = find(place, end(&batch), "],\"progress\"")) != NULL; place++)
            to = place;
        append_bytes(&document, from, (size_t)(to - from));
        append(&document, "],");
    } else {
        append(&document, "\"results\":[],");
    }
    over = next(run, 1000);
    EXPECT(over.status == XC_DONE);
    append_bytes(&document, begin(&over) + 1, over.length - 1);
    give_back(&batch);
    give_back(&over);
    xc_run_free(run);
    return document;
}

static reply report_as(const char *format, const text *document)
{
    text request = {0};
    reply it;
    append(&request, "{\"format\":\"");
    append(&request, format);
    append(&request, "\",\"document\":");
    append_bytes(&request, document->bytes, document->length);
    append(&request, "}");
    it = report(request.bytes, request.length);
    discard(&request);
    return it;
}

static void case_report(void)
{
    text request = connectors(3), document, other = {0};
    const char *place;
    unsigned lines = 0;
    reply it;

    append_bytes(&request, "", 1);
    document = document_of(request.bytes, 3 * CONTROLS);
    discard(&request);

    it = report_as("table", &document);
    EXPECT(it.status == XC_OK && it.length > 0);
    EXPECT(has(&it, "Fail") && has(&it, "C-0") && has(&it, "-IgnoreSTARTTLS $false"));
    EXPECT(memchr(it.bytes, 0x1B, it.length) == NULL); /* no colours */
    give_back(&it);

    it = report_as("json", &document);
    EXPECT(it.status == XC_OK && has(&it, "\"schemaVersion\": 1") && has(&it, "\"summary\": {"));
    for (place = begin(&it); (place = find(place, end(&it), "\"identity\": \"C-")) != NULL; place++)
        lines++;
    EXPECT(lines == 3 * CONTROLS);
    /* A report in JSON is a document again. */
    append_bytes(&other, begin(&it), it.length);
    give_back(&it);
    EXPECT_REPLY(report_as("table", &other), XC_OK, "-IgnoreSTARTTLS $false");
    discard(&other);

    it = report_as("ndjson", &document);
    EXPECT(it.status == XC_OK && count_results(&it, NULL, 3) == 3 * CONTROLS);
    for (lines = 0, place = begin(&it); (place = find(place, end(&it), "}\n")) != NULL; place++)
        lines++;
    EXPECT(lines == 3 * CONTROLS);
    give_back(&it);

    EXPECT_REPLY(report_as("pdf", &document), XC_ERROR_REQUEST, "\"path\":\"/format\"");
    discard(&document);

    append(&document, "{\"schemaVersion\":2}");
    EXPECT_REPLY(report_as("json", &document), XC_ERROR_REQUEST, "/document/schemaVersion");
    discard(&document);
    append(&document, "{}");
    EXPECT_REPLY(report_as("table", &document), XC_ERROR_REQUEST, "/document/schemaVersion");
    discard(&document);
    append(&document, "[1]");
    EXPECT_REPLY(report_as("ndjson", &document), XC_ERROR_REQUEST, "\"error\":{");
    discard(&document);

    /* A report of nothing may be no bytes at all, and is given back all the same. */
    document = document_of("{" CONTROL_IDS ",\"targets\":[]}", 0);
    it = report_as("ndjson", &document);
    EXPECT(it.status == XC_OK && it.length == 0);
    give_back(&it);
    discard(&document);

    /* A name cannot steer the terminal that a table is shown on. */
    document = document_of("{" CONTROL_IDS ",\"targets\":[{\"Identity\":\"\\u001b[31mred\\u0007\",\"Enabled\":true,"
                           "\"IgnoreSTARTTLS\":true,\"AddressSpaces\":[\"*\"],\"SmartHosts\":[]}]}", CONTROLS);
    it = report_as("table", &document);
    EXPECT(it.status == XC_OK && has(&it, "red"));
    EXPECT(memchr(it.bytes, 0x1B, it.length) == NULL && memchr(it.bytes, 0x07, it.length) == NULL);
    give_back(&it);
    discard(&document);
}

static void panic_often(void *argument)
{
    static const char request[] = "{\"targets\":[],\"testPanic\":true}";
#ifdef AS_SHIPPED
    const uint32_t expected = XC_ERROR_REQUEST;
    const char *told = "testPanic";
#else
    const uint32_t expected = XC_ERROR_INTERNAL;
    const char *told = "\"code\":\"internal-error\"";
#endif
    unsigned call;
    (void)argument;
    for (call = 0; call < 20; call++)
        EXPECT_REPLY(refused(request, sizeof request - 1), expected, told);
}

static void case_panic(void)
{
    worker workers[THREADS];
    xc_run *run = start_connectors(3);
    int index;

    EXPECT(caught_bytes() == 0);
    panic_often(NULL);
    for (index = 0; index < THREADS; index++)
        begin_work(&workers[index], panic_often, NULL, 0);
    for (index = 0; index < THREADS; index++)
        end_work(&workers[index]);
    EXPECT(caught_bytes() == 0);

    /* What was begun before goes on, and what is begun after too. */
    EXPECT(xc_live_runs() == 1);
    read_to_end(run, 3);
    xc_run_free(run);
    case_version();
    case_controls();
    case_run_to_done();
}

static void case_many_runs(void)
{
    xc_run **runs = calloc(crowd, sizeof *runs);
    unsigned index;
    EXPECT(runs != NULL && xc_live_runs() == 0);
    for (index = 0; index < crowd; index++) {
        runs[index] = start_connectors(1 + index % 3);
        EXPECT(xc_live_runs() == index + 1);
    }
    /* They do not know of each other. */
    for (index = 0; index < crowd; index += 2)
        EXPECT(xc_run_cancel(runs[index]) == XC_OK);
    for (index = 1; index < crowd; index += 2)
        read_to_end(runs[index], 1 + index % 3);
    for (index = 0; index < crowd; index += 2)
        EXPECT_REPLY(next(runs[index], 0), XC_DONE, "\"cancelled\":true");
    EXPECT(xc_live_runs() == crowd);
    for (index = 0; index < crowd; index++) {
        xc_run_free(runs[(7 * index) % crowd]); /* in another order: crowd is no multiple of 7 */
        EXPECT(xc_live_runs() == crowd - index - 1);
    }
    free(runs);
}

static void whole_run(void *argument)
{
    unsigned count = *(unsigned *)argument, turn;
    for (turn = 0; turn < (quick ? 1 : 3); turn++) {
        xc_run *run = start_connectors(count);
        read_to_end(run, count);
        xc_run_free(run);
        EXPECT_REPLY(controls(NULL, 0), XC_OK, "\"controls\":[{");
        EXPECT_REPLY(version(), XC_OK, "\"abiVersion\":1");
    }
}

static void case_threads_own_runs(void)
{
    worker workers[THREADS];
    unsigned counts[THREADS];
    unsigned index;
    for (index = 0; index < THREADS; index++) {
        counts[index] = some + index;
        begin_work(&workers[index], whole_run, &counts[index], 0);
    }
    for (index = 0; index < THREADS; index++)
        end_work(&workers[index]);
    EXPECT(xc_live_runs() == 0);
}

typedef struct {
    xc_run *run;
    unsigned count;
    uint32_t timeout;
    unsigned char *seen;
    unsigned long results;
    reply over;
} sharer;

static void share_run(void *argument)
{
    sharer *it = argument;
    for (;;) {
        reply answer = next(it->run, it->timeout);
        if (answer.status == XC_DONE) {
            it->over = answer; /* given back by another thread */
            return;
        }
        EXPECT(answer.status == XC_OK || answer.status == XC_PENDING);
        it->results += count_results(&answer, it->seen, it->count);
        give_back(&answer);
    }
}

static void case_threads_one_run(void)
{
    unsigned count = 2 * some;
    unsigned char *all = calloc(CONTROLS, count);
    xc_run *run = start_connectors(count);
    worker workers[THREADS];
    sharer sharers[THREADS];
    unsigned long results = 0;
    size_t place;
    int index;

    EXPECT(all != NULL);
    for (index = 0; index < THREADS; index++) {
        memset(&sharers[index], 0, sizeof sharers[index]);
        sharers[index].run = run;
        sharers[index].count = count;
        sharers[index].timeout = index % 2 == 0 ? 0 : 50; /* small batches and large ones */
        sharers[index].seen = calloc(CONTROLS, count);
        EXPECT(sharers[index].seen != NULL);
    }
    for (index = 0; index < THREADS; index++)
        begin_work(&workers[index], share_run, &sharers[index], 0);
    for (index = 0; index < THREADS; index++)
        end_work(&workers[index]);
    xc_run_free(run);

    for (index = 0; index < THREADS; index++) {
        const reply *over = &sharers[index].over;
        results += sharers[index].results;
        for (place = 0; place < CONTROLS * (size_t)count; place++)
            all[place] = (unsigned char)(all[place] + sharers[index].seen[place]);
        free(sharers[index].seen);
        EXPECT(over->length == sharers[0].over.length);
        EXPECT(memcmp(over->bytes, sharers[0].over.bytes, over->length) == 0);
    }
    EXPECT(results == (unsigned long)count * CONTROLS);
    expect_all_seen(all, count);
    free(all);
    for (index = 0; index < THREADS; index++)
        give_back(&sharers[index].over);
}

static void free_run(void *argument)
{
    xc_run_free(argument);
}

static void small_stack(void *argument)
{
    (void)argument;
    case_version();
    case_controls();
    case_run_to_done();
    case_malformed_json();
    case_report();
    panic_often(NULL);
}

/* Hosts have threads with small stacks, and hand a run from one thread to another. */
static void case_threads_of_hosts(void)
{
    xc_run *run = start_connectors(3);
    worker it;
    begin_work(&it, free_run, run, 0);
    end_work(&it);
    EXPECT(xc_live_runs() == 0);
    begin_work(&it, small_stack, NULL, 256 * 1024);
    end_work(&it);
}

/* Memory in use in KiB, or 0 where it cannot be told. */
static long memory_in_use(void)
{
    long size = 0;
#ifdef __linux__
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    EXPECT(status != NULL);
    while (fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "VmRSS: %ld", &size) == 1)
            break;
    fclose(status);
    EXPECT(size > 0);
#endif
    return size;
}

static void five_calls(const text *request)
{
    xc_run *run;
    EXPECT_REPLY(version(), XC_OK, "\"abiVersion\":1");
    EXPECT_REPLY(controls(NULL, 0), XC_OK, "\"controls\":[{");
    EXPECT_REPLY(start(request->bytes, request->length, &run), XC_OK, "\"total\":2");
    EXPECT_REPLY(next(run, 1000), XC_OK, "\"results\":[{");
    xc_run_free(run);
}

static void case_steady_memory(void)
{
    const long slack = 256; /* KiB: a few bytes a call would be more */
    text request = connectors(1);
    long before, after;
    unsigned round;
    for (round = 0; round < rounds / 10 + 1; round++)
        five_calls(&request);
    before = memory_in_use();
    for (round = 0; round < rounds; round++)
        five_calls(&request);
    after = memory_in_use();
    discard(&request);
    EXPECT(xc_live_runs() == 0);
    if (before == 0)
        fprintf(out, "SKIPPED in %s: this system does not tell how much memory is in use\n", current);
    else if (quick)
        fprintf(out, "  memory is not compared in quick mode: what looks on uses memory of its own\n");
    else
        fprintf(out, "  %u calls: %ld KiB before, %ld KiB after\n", 5 * rounds, before, after);
    if (before != 0 && !quick && after > before + slack)
        fail(__LINE__, "memory grew from %ld KiB to %ld KiB, more than %ld KiB", before, after, slack);
}

/* Starts a run of a large request, reads it to its end, and sees to the time. Answers how many results it had. */
static unsigned long large_run(const char *name, const text *request, uint32_t status, const char *part)
{
    double before = now();
    unsigned long results = 0;
    xc_run *run;
    reply it = start(request->bytes, request->length, &run);
    EXPECT(request->length >= large);
    expect_reply(__LINE__, &it, status, part);
    EXPECT(it.length < request->length + 1024 * 1024);
    give_back(&it);
    while (run != NULL) {
        it = next(run, 1000);
        if (it.status == XC_DONE)
            break;
        EXPECT(it.status == XC_OK || it.status == XC_PENDING);
        results = number_after(&it, "\"progress\":{\"done\":");
        give_back(&it);
    }
    if (run != NULL)
        give_back(&it);
    xc_run_free(run);
    fprintf(out, "  %s: %.1f s\n", name, now() - before);
    EXPECT(quick || now() - before < limit);
    return results;
}

static void case_large_garbage(void)
{
    static const struct {
        const char *name, *head, *middle, *tail;
        uint32_t status;
        const char *part;
    } garbage[] = {
        {"numbers", "{\"targets\":[0", ",0", "]}", XC_OK, "\"total\":0"},
        {"objects", "{\"targets\":[{}", ",{}", "]}", XC_OK, "\"total\":0"},
        {"texts", "{\"targets\":[\"\"", ",\"\xE2\x82\xAC\"", "]}", XC_OK, "\"total\":0"},
        {"one text", "{\"targets\":[\"", "a", "\"]}", XC_OK, "\"total\":0"},
        {"members", "{\"targets\":[{\"a\":0", ",\"a\":0", "}]}", XC_OK, "\"total\":0"},
        {"blanks", "{\"targets\":[", " ", "]}", XC_OK, "\"total\":0"},
        {"cut off", "{\"targets\":[{}", ",{\"a\":[1,2]}", ",{", XC_ERROR_REQUEST, "EOF"},
        {"open lists", "{\"targets\":[", "[", "", XC_ERROR_REQUEST, "EOF"},
        {"not JSON", "{\"targets\":[", "x", "]}", XC_ERROR_REQUEST, "\"error\":{"},
        {"not UTF-8", "{\"targets\":[\"", "a", "\xFF\"]}", XC_ERROR_UTF8, "byte"},
        {"zeros of a number", "{\"targets\":[{\"Identity\":\"C-0\",\"IgnoreSTARTTLS\":false,\"AddressSpaces\":1", "0",
         "}]}", XC_OK, "\"code\":\"unreadable-input\""},
    };
    text request = {0};
    size_t index, opened;
    for (index = 0; index < sizeof garbage / sizeof *garbage; index++) {
        append(&request, garbage[index].head);
        fill(&request, garbage[index].middle, large);
        append(&request, garbage[index].tail);
        EXPECT(large_run(garbage[index].name, &request, garbage[index].status, garbage[index].part) == 0);
        discard(&request);
    }

    /* As many brackets that close as that open, where objects and where a property's value is expected. */
    append(&request, "{\"targets\":");
    opened = request.length;
    fill(&request, "[", large / 2);
    opened = request.length - opened;
    fill(&request, "]", request.length + opened);
    append(&request, "}");
    fill(&request, " ", large);
    EXPECT(large_run("nested lists", &request, XC_OK, "\"total\":0") == 0);
    discard(&request);
    append(&request, "{" CONTROL_IDS ",\"targets\":[{\"Identity\":\"C-0\",\"IgnoreSTARTTLS\":false,\"AddressSpaces\":");
    opened = request.length;
    fill(&request, "[", large / 2);
    opened = request.length - opened;
    fill(&request, "]", request.length + opened);
    append(&request, "}]}");
    fill(&request, " ", large);
    EXPECT(large_run("nested value", &request, XC_OK, "\"total\":2") == CONTROLS);
    discard(&request);

    /* One connector that is large in itself. */
    append(&request, "{" CONTROL_IDS ",\"targets\":[{\"Identity\":\"C-0\",\"Enabled\":true,\"IgnoreSTARTTLS\":false,"
                     "\"SmartHosts\":[],\"AddressSpaces\":[\"*\"");
    fill(&request, ",\"SMTP:a.example;1\"", large);
    append(&request, "]}]}");
    EXPECT(large_run("address spaces", &request, XC_OK, "\"total\":2") == CONTROLS);
    discard(&request);
    append(&request, "{" CONTROL_IDS ",\"targets\":[{\"Enabled\":true,\"IgnoreSTARTTLS\":true,\"SmartHosts\":[],"
                     "\"AddressSpaces\":[\"*\"],\"Identity\":\"");
    fill(&request, "'", large);
    append(&request, "\"}]}");
    EXPECT(large_run("name", &request, XC_OK, "\"total\":2") == CONTROLS);
    discard(&request);
}

static void case_large_list(void)
{
    text request = {0};
    unsigned count = 0;
    double before = now();
    xc_run *run;
    append(&request, "{" CONTROL_IDS ",\"targets\":[");
    while (request.length < large)
        append_connector(&request, count++);
    append(&request, "]}");
    EXPECT_REPLY(start(request.bytes, request.length, &run), XC_OK, "\"errors\":[]");
    fprintf(out, "  %u connectors read after %.1f s\n", count, now() - before);
    discard(&request);
    read_to_end(run, count);
    xc_run_free(run);
    fprintf(out, "  %u results after %.1f s\n", CONTROLS * count, now() - before);
    EXPECT(quick || now() - before < limit);
    EXPECT(xc_live_runs() == 0);
}

static const struct {
    const char *name;
    void (*body)(void);
} cases[] = {
    /* First, because the others leave free memory behind, in which growth would not show. */
    {"steady_memory", case_steady_memory},
    {"version", case_version},
    {"controls", case_controls},
    {"run_to_done", case_run_to_done},
    {"cancel_same_thread", case_cancel_same_thread},
    {"cancel_other_thread", case_cancel_other_thread},
    {"free_unread", case_free_unread},
    {"null_pointers", case_null_pointers},
    {"bad_utf8", case_bad_utf8},
    {"empty_request", case_empty_request},
    {"malformed_json", case_malformed_json},
    {"no_control", case_no_control},
    {"report", case_report},
    {"panic", case_panic},
    {"many_runs", case_many_runs},
    {"threads_own_runs", case_threads_own_runs},
    {"threads_one_run", case_threads_one_run},
    {"threads_of_hosts", case_threads_of_hosts},
    {"large_garbage", case_large_garbage},
    {"large_list", case_large_list},
};

int main(int count, char **arguments)
{
    size_t index;
    int argument, passed = 0;

    quick = count > 1 && strcmp(arguments[1], "quick") == 0;
    if (count < 2 || (!quick && strcmp(arguments[1], "full") != 0)) {
        fprintf(stderr, "usage: abi full|quick [CASE...]\n");
        return 2;
    }
    large = quick ? 64 * 1024 : 64 * 1024 * 1024;
    rounds = quick ? 50 : 10000;
    crowd = quick ? 20 : 1000;
    some = quick ? 150 : 2000;
    limit = 120;

    catch_output();
    for (index = 0; index < sizeof cases / sizeof *cases; index++) {
        double before = now();
        int wanted = count == 2;
        for (argument = 2; argument < count; argument++)
            wanted |= strcmp(arguments[argument], cases[index].name) == 0;
        if (!wanted)
            continue;
        current = cases[index].name;
        cases[index].body();
        if (xc_live_runs() != 0)
            fail(__LINE__, "%u runs are left", (unsigned)xc_live_runs());
        if (caught_bytes() != 0)
            fail(__LINE__, "the library wrote to standard output or error:");
        fprintf(out, "passed %s (%.2f s)\n", current, now() - before);
        fflush(out);
        passed++;
    }
    fprintf(out, "%d cases passed\n", passed);
    fclose(out);
    fclose(caught);
    return passed > 0 ? 0 : 2;
}
