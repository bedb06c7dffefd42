package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// After so many lines a log that is followed breaks off, as at a rotation.
const annotationLogBreak = "kubectl-ai.test/log-break"

// serveLogs answers what the API server asks a kubelet for `kubectl logs`.
func (k *kubelet) serveLogs(listener net.Listener, certificate, key, authority string) error {
	trusted, err := os.ReadFile(authority)
	if err != nil {
		return err
	}
	clients := x509.NewCertPool()
	if !clients.AppendCertsFromPEM(trusted) {
		return fmt.Errorf("%s holds no certificate", authority)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.logs)
	server := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert},
	}
	return server.ServeTLS(listener, certificate, key)
}

// logs answers as a kubelet does: with timestamps, from a time on, the last lines only,
// and following until the container ends. Two lines at a time share a timestamp.
func (k *kubelet) logs(response http.ResponseWriter, request *http.Request) {
	query := request.URL.Query()
	follow, timestamps := query.Get("follow") == "true", query.Get("timestamps") == "true"
	since, _ := time.Parse(time.RFC3339, query.Get("sinceTime"))
	next, sent := 0, 0
	for {
		pod, err := k.pods.Pods(request.PathValue("namespace")).Get(request.PathValue("pod"))
		if err != nil {
			if sent == 0 {
				http.Error(response, err.Error(), http.StatusNotFound)
			}
			return
		}
		if len(pod.Status.ContainerStatuses) == 0 || waiting(pod) {
			http.Error(response, fmt.Sprintf("container %q in pod %q is waiting to start: ContainerCreating",
				request.PathValue("container"), pod.Name), http.StatusBadRequest)
			return
		}
		lines := strings.SplitAfter(k.logText(pod, request.PathValue("container")), "\n")
		if tail, err := strconv.Atoi(query.Get("tailLines")); err == nil && sent == 0 {
			next = max(0, len(lines)-1-tail)
		}
		for ; next < len(lines) && lines[next] != ""; next++ {
			at := pod.Status.StartTime.Add(time.Duration(next/2) * 700 * time.Millisecond)
			if at.Before(since) {
				continue
			}
			if timestamps {
				fmt.Fprint(response, at.UTC().Format("2006-01-02T15:04:05.000000000Z07:00"), " ")
			}
			fmt.Fprint(response, lines[next])
			sent++
			if limit, err := strconv.Atoi(pod.Annotations[annotationLogBreak]); err == nil && follow && sent == limit {
				return
			}
		}
		if !follow || pod.Status.Phase != corev1.PodRunning {
			return
		}
		response.(http.Flusher).Flush()
		select {
		case <-request.Context().Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (k *kubelet) logText(pod *corev1.Pod, container string) string {
	if text, found := pod.Annotations[annotationLog]; found {
		return text
	}
	if node, err := k.nodes.Get(pod.Spec.NodeName); err == nil {
		if text, found := node.Annotations[annotationLog]; found {
			return text
		}
	}
	return fmt.Sprintf("%s runs on %s\n", container, pod.Spec.NodeName)
}
