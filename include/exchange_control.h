/*
 * ExchangeControl: evaluates security controls against Exchange transport configuration.
 *
 * This file is made by cbindgen from the library's source: change it there, then run
 *   UPDATE_HEADER=1 cargo test --test header
 *
 * Bytes in. A request is UTF-8 JSON, given as a pointer and its length in bytes, without a zero at its end. It is only
 * read, and only until the call returns.
 *
 * Bytes out. A function that answers sets *answer and *answer_length, whatever its status. The answer is UTF-8 without
 * a zero at its end: JSON, but for xc_report. Both pointers must be given; if one is NULL, the other is set to NULL or
 * 0, the status is XC_ERROR_NULL, and there is no buffer.
 *
 * Statuses. Below 16 the call did what it is for. From 16 on it did not, and the answer says why:
 *   {"error":{"code":"invalid-request","message":"...","path":"/targets"}}
 * "code" is for programs, "message" for people, "path" is a JSON pointer into the request, or null.
 *
 * Ownership. A buffer is the caller's until it is given back with xc_buffer_free, with the length that came with it;
 * free() must not be called on it. A run is the caller's until xc_run_free. Each is freed exactly once. A buffer does
 * not depend on the run that it came from, and runs and buffers may be freed in any order, on any thread.
 *
 * Threads. Every function may be called from any thread, and from several at once. Several threads may also use the
 * same run at once, with xc_run_next and xc_run_cancel; calls of xc_run_next on one run take turns. Only xc_run_free
 * must be alone with its run, and xc_buffer_free with its buffer: nothing else may use them then or later.
 *
 * Nothing of a run (thread, socket or memory) is left once it is freed. The library prints nothing. It does not let a
 * fault of its own end the caller: such a call answers with XC_ERROR_INTERNAL, and other runs go on.
 *
 *   uint8_t *answer;
 *   size_t length;
 *   xc_run *run;
 *   uint32_t status;
 *
 *   if (xc_abi_version() != XC_ABI_VERSION) { ... this program was made for another library ... }
 *   status = xc_run_start(request, request_length, &run, &answer, &length);
 *   ... read the answer: how many results there will be, or what was wrong ...
 *   xc_buffer_free(answer, length);
 *   while (status < XC_DONE) {
 *       status = xc_run_next(run, 100, &answer, &length);
 *       ... read the answer: results, progress, the summary, or what was wrong ...
 *       xc_buffer_free(answer, length);
 *   }
 *   xc_run_free(run);
 */

#ifndef EXCHANGE_CONTROL_H
#define EXCHANGE_CONTROL_H

#include <stddef.h>
#include <stdint.h>

/**
 * The version of this interface. It changes when a caller would have to.
 */
#define XC_ABI_VERSION 1

/**
 * The call did what it is for, and the buffer holds the answer.
 */
#define XC_OK 0

/**
 * Nothing came within the time-out; ask again. The buffer holds the progress.
 */
#define XC_PENDING 1

/**
 * The run is over. The buffer holds the summary.
 */
#define XC_DONE 2

/**
 * A pointer that must not be NULL is. Where it is `answer` or `answer_length` itself, there is no buffer.
 */
#define XC_ERROR_NULL 16

/**
 * The request is not UTF-8.
 */
#define XC_ERROR_UTF8 17

/**
 * The request is not JSON, or not of the shape that the function takes.
 */
#define XC_ERROR_REQUEST 18

/**
 * None of the controls that were asked for is there and valid.
 */
#define XC_ERROR_NO_CONTROL 19

/**
 * A fault of the library. The handle that the call was given must only be freed.
 */
#define XC_ERROR_INTERNAL 31

/**
 * A run of controls over targets. Its contents are the library's own.
 */
typedef struct xc_run xc_run;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the interface, XC_ABI_VERSION when the library was built. A caller made for another must not go on.
 */
uint32_t xc_abi_version(void);

/**
 * Name and version: {"name":"exchange-control","version":"0.1.0","abiVersion":1}
 *
 * Pointers: `answer` and `answer_length` are NULL or writable.
 */
uint32_t xc_version(uint8_t **answer, size_t *answer_length);

/**
 * Lists the controls.
 *
 * Request (NULL with length 0, or {}, for the built-in ones):
 *   {"controlPaths":["folder"],"controlIds":["EDCA-TLS-011","EX16-*"]}
 * Answer:
 *   {"schemaVersion":1,"controls":[{"id","title","description","verify","subject","category","severity",
 *     "severityWeight","frameworks","references":[{"name","url"}],"remediation":{"automatable","description",
 *     "scriptTemplate"},"considerations","roles","stig","target","probe","source","warnings":[],"check"}],
 *    "fields":{"SendConnector":["Name"],"AcceptedDomain":["DomainName"]},
 *    "errors":[{"code","message","source","path","line"}]}
 * "fields" names the properties that a caller has to send of each kind of target for these controls.
 *
 * Pointers: `request` is NULL or points to `request_length` readable bytes; `answer` and `answer_length` are NULL or
 * writable.
 */
uint32_t xc_controls(const uint8_t *request,
                     size_t request_length,
                     uint8_t **answer,
                     size_t *answer_length);

/**
 * Starts a run of controls over targets, and writes its handle to `run` if the status is XC_OK.
 *
 * Request, in which "targets" or "domains" is required and the rest may be left out:
 *   {"targets":[{"Name":"Internet","IgnoreSTARTTLS":false,"AddressSpaces":["SMTP:*;1"]}],
 *    "domains":["contoso.com"],"acceptedDomains":[{"DomainName":"contoso.com","DomainType":"Authoritative"}],
 *    "controlIds":["*"],"controlPaths":["folder"],
 *    "exceptionsPath":"exceptions.json","baselinePath":"earlier.json","onlyNew":false,
 *    "network":{"offline":false,"dnsServers":["192.0.2.53","192.0.2.54:5353"],"timeoutSeconds":60,
 *      "throttleLimit":128,"roots":"mozilla","proxy":"http://proxy:8080","allowPrivateAddress":false}}
 * A target is an object of its properties: text, number, true or false, null, or a list of these; "PSTypeName" may name
 * its type. Controls whose targets are absent are not run. Accepted domains serve to tell where connectors lead, too.
 * "domains" are tested by their names alone. "acceptedDomains" only serve to tell where connectors lead, and are not
 * tested themselves.
 * "network" says how probes ask: "dnsServers" in place of the system's; "timeoutSeconds" (1 to 3600) for an answer over
 * HTTPS once connected; "throttleLimit" (1 to 1024) domains at once; "roots" is "mozilla", "system" or the path of a
 * PEM file; with "offline" nothing is asked, and what needs the network is Unknown.
 * "exceptionsPath" names a file of accepted risks: results that it covers have "exception":{"justification","owner",
 * "expires"} and do not count. "baselinePath" names an earlier result document: results say in "change" how they
 * stand to it ("new", "fixed", "stillFailing", "changedEvidence" or "unchanged"). With "onlyNew" those alone are given
 * that are new or have other evidence, and what was there before does not count towards "exitCode".
 * Answer:
 *   {"total":2,"errors":[{"code","message","source","path","line"}]}
 *
 * Pointers: `request` is NULL or points to `request_length` readable bytes; the other pointers are NULL or writable.
 */
uint32_t xc_run_start(const uint8_t *request,
                      size_t request_length,
                      xc_run **run,
                      uint8_t **answer,
                      size_t *answer_length);

/**
 * Asks a run for what it has got since, waiting at most `timeout_ms` milliseconds for something to come.
 *
 * XC_OK:      {"results":[...],"progress":{"done":1,"total":2}}
 * XC_PENDING: {"progress":{"done":0,"total":2,"stages":{"waiting":1,"dns":0,"connect":1,"handshake":0,"headers":0,
 *             "body":0}}}
 * XC_DONE:    {"schemaVersion":1,"tool":{"name","version"},"generated","summary":{"counts":{"Pass","Fail","Unknown",
 *             "NotApplicable"},"score","controls":[],"frameworks":[]},"errors":[],"cancelled":false,"exitCode":0},
 *             and the same again on every later call. Where there are accepted risks, "counts" has "Excepted" and
 *             "ExceptedFail"; where there is an earlier document, "summary" has "comparison":{"since","onlyNew",
 *             "new","fixed","stillFailing","changedEvidence","unchanged","newFail","newUnknown",
 *             "removed":[{"controlId","target","status"}]}.
 *
 * Results that need no network come first, in the order of control ids, then of targets; the others as they come in.
 * "stages" tells how many domains are at which stage, while the network is being asked.
 * Threads may ask the same run at once; each result is given to one of them.
 *
 * Pointers: `run` is NULL or came from xc_run_start and was not freed; `answer` and `answer_length` are NULL or
 * writable.
 */
uint32_t xc_run_next(xc_run *run,
                     uint32_t timeout_ms,
                     uint8_t **answer,
                     size_t *answer_length);

/**
 * Ends a run early, from whichever thread: the next xc_run_next, or one that is waiting, answers XC_DONE with
 * "cancelled": true, and all threads and sockets of the run are gone by then.
 * Returns XC_OK, or XC_ERROR_NULL.
 *
 * Pointers: `run` is NULL or came from xc_run_start and was not freed.
 */
uint32_t xc_run_cancel(xc_run *run);

/**
 * Ends a run and gives back all that it holds. NULL is nothing to free. No other thread may be using the run.
 *
 * Pointers: `run` is NULL or came from xc_run_start and was not freed.
 */
void xc_run_free(xc_run *run);

/**
 * How many runs were started and not freed yet, for tests of callers.
 */
uint32_t xc_live_runs(void);

/**
 * Renders results as a report.
 *
 * Request, with a document as JSON reports have it, or with the results of a run:
 *   {"format":"table"|"json"|"ndjson"|"csv"|"sarif"|"junit"|"ckl"|"cklb"|"markdown"|"html",
 *    "document":{"schemaVersion":1,...}}
 *   {"format":"csv","results":[...],"errors":[{"code","message","source","path","line"}]}
 * Both may have "controlPaths":["folder"], the folders that the run had, and "checklist", for "cklb": the text of a
 * checklist of STIG Viewer 3, which comes back with what the results say in its place. Of "results", the summary is
 * made here; "errors" may be left out. "exceptionsPath", "baselinePath" and "onlyNew" review the results as in
 * xc_run_start; "trendPath", for "html", is a folder of earlier documents, whose sums the page shows over time;
 * what is no such document is listed with the errors.
 * Answer: the report itself, UTF-8 text.
 *
 * Pointers: `request` is NULL or points to `request_length` readable bytes; `answer` and `answer_length` are NULL or
 * writable.
 */
uint32_t xc_report(const uint8_t *request,
                   size_t request_length,
                   uint8_t **answer,
                   size_t *answer_length);

/**
 * Gives a buffer back, with the length that came with it. NULL is nothing to free.
 *
 * Pointers: `answer` is NULL, or came with this length from a function of this library and was not freed.
 */
void xc_buffer_free(uint8_t *answer, size_t answer_length);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* EXCHANGE_CONTROL_H */
