-- wrk: one whole case a request.
wrk.method = "POST"
wrk.body = ""
