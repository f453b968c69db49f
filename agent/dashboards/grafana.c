/* SPDX-License-Identifier: Apache-2.0 */

/* One request after the other; see grafana.h. HTTP by libevent, as for exporters. */
#include "agent/dashboards/grafana.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "exporters/net/http_client.h"

#define TIMEOUT_MS  30000
#define REPLY_BYTES (1u << 20)
#define TOKEN_BYTES 4096u
#define FOLDER      "{\"uid\":\"coldspan\",\"title\":\"coldspan\"}"

struct talk {
	struct event_base *base;
	struct cs_http_client *client;
	const char *prefix; /* of paths */
	struct cs_http_header headers[3];
	size_t headers_count;
	struct cs_diag *diag;
	char authorization[TOKEN_BYTES + 8];
	char message[200]; /* Grafana's own */
	int status;        /* 0: it did not answer */
};

/* What Grafana says: {"message": "…"}. */
static void keep_message(struct talk *talk, const struct cs_http_reply *reply)
{
	json_t *json = json_loadb((const char *)reply->body, reply->body_len, 0, NULL);
	const char *message = json_string_value(json_object_get(json, "message"));

	snprintf(talk->message, sizeof(talk->message), "%s", message ? message : "");
	json_decref(json);
}

static void on_reply(void *user, const struct cs_http_reply *reply)
{
	struct talk *talk = user;

	talk->status = reply->status;
	talk->message[0] = 0;
	if (reply->failure == CS_HTTP_ANSWERED)
		keep_message(talk, reply);
	else
		snprintf(talk->message, sizeof(talk->message), "%s", reply->error);
	event_base_loopbreak(talk->base);
}

static int post(struct talk *talk, const char *path, const char *body)
{
	char whole[CS_ENDPOINT_PATH_MAX + 64];
	struct cs_http_call call = { .path = whole,
				     .headers = talk->headers,
				     .headers_count = talk->headers_count,
				     .body = body,
				     .body_len = strlen(body) };

	snprintf(whole, sizeof(whole), "%s%s", talk->prefix, path);
	talk->status = 0;
	cs_http_client_post(talk->client, &call);
	if (event_base_dispatch(talk->base) < 0)
		return -EIO;
	return 0;
}

static const char *hint(int status)
{
	return status == 401   ? "; " CS_GRAFANA_TOKEN " has to hold a token of a service account"
	       : status == 403 ? "; the token's account has to be an Editor"
	       : status == 404 ? "; is this the address of Grafana?"
			       : "";
}

static int refused(struct talk *talk, const char *what)
{
	if (!talk->status)
		return cs_diag_set(talk->diag, -EIO, "%s: no answer: %s", what, talk->message);
	return cs_diag_set(talk->diag, -EIO, "%s: Grafana says %d%s%s%s", what, talk->status,
			   *talk->message ? " " : "", talk->message, hint(talk->status));
}

/* 409 and 412: it is there already, by which version of Grafana. */
static int make_folder(struct talk *talk)
{
	int r = post(talk, "/api/folders", FOLDER);

	if (r == 0 && talk->status != 200 && talk->status != 409 && talk->status != 412)
		r = refused(talk, "folder coldspan");
	return r;
}

static int send_board(struct talk *talk, json_t *board)
{
	json_t *body =
		json_pack("{s:O, s:s, s:b, s:s}", "dashboard", board, "folderUid", "coldspan",
			  "overwrite", 1, "message", "coldspan dashboards install");
	cs_cleanup(cs_freep) char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	int r;

	json_decref(body);
	if (!text)
		return -ENOMEM;
	r = post(talk, "/api/dashboards/db", text);
	if (r == 0 && talk->status != 200)
		r = refused(talk, json_string_value(json_object_get(board, "uid")));
	return r;
}

static int set_headers(struct talk *talk, const char *token)
{
	talk->headers[talk->headers_count++] =
		(struct cs_http_header){ "Content-Type", "application/json" };
	talk->headers[talk->headers_count++] =
		(struct cs_http_header){ "Accept", "application/json" };
	if (!token || !*token)
		return 0;
	if (strlen(token) > TOKEN_BYTES - 1)
		return cs_diag_set(talk->diag, -EINVAL, CS_GRAFANA_TOKEN " is too long");
	for (const char *c = token; *c; c++) {
		if (*c <= ' ' || *c > '~')
			return cs_diag_set(talk->diag, -EINVAL,
					   CS_GRAFANA_TOKEN " holds what no token has");
	}
	snprintf(talk->authorization, sizeof(talk->authorization), "Bearer %s", token);
	talk->headers[talk->headers_count++] =
		(struct cs_http_header){ "Authorization", talk->authorization };
	return 0;
}

static int send_all(struct talk *talk, json_t *const *boards, size_t count, size_t *ret)
{
	int r = make_folder(talk);

	for (size_t i = 0; i < count && r == 0; i++) {
		r = send_board(talk, boards[i]);
		*ret += r == 0;
	}
	return r;
}

/* Credentials of Grafana are given otherwise than those of exporters. */
static int parse_url(const char *url, struct cs_endpoint *ret, struct cs_diag *diag)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	if (memchr(host, '@', strcspn(host, "/?#")))
		return cs_diag_set(diag, -EINVAL,
				   "--url has a user name in it; give a token of a service account "
				   "by " CS_GRAFANA_TOKEN);
	return cs_endpoint_parse(url, NULL, ret, diag);
}

int cs_grafana_install(const char *url, const char *token, json_t *const *boards, size_t count,
		       size_t *ret, struct cs_diag *diag)
{
	struct talk talk = { .diag = diag };
	struct cs_endpoint endpoint;
	struct cs_http_client_options options = { .endpoint = &endpoint,
						  .timeout_ms = TIMEOUT_MS,
						  .reply_max_bytes = REPLY_BYTES,
						  .refused = "nobody listens there (is Grafana "
							     "running?)" };
	int r = parse_url(url, &endpoint, diag);
	size_t len;

	*ret = 0;
	if (r == 0)
		r = set_headers(&talk, token);
	if (r < 0)
		return r;
	len = strlen(endpoint.path);
	while (len && endpoint.path[len - 1] == '/')
		endpoint.path[--len] = 0;
	talk.prefix = endpoint.path;
	signal(SIGPIPE, SIG_IGN);
	talk.base = event_base_new();
	r = talk.base ? cs_http_client_new(talk.base, &options, on_reply, &talk, &talk.client)
		      : -ENOMEM;
	if (r == 0)
		r = send_all(&talk, boards, count, ret);
	if (talk.client)
		cs_http_client_free(talk.client);
	if (talk.base)
		event_base_free(talk.base);
	return r;
}
