package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

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

func (k *kubelet) logs(response http.ResponseWriter, request *http.Request) {
	pod, err := k.pods.Pods(request.PathValue("namespace")).Get(request.PathValue("pod"))
	if err != nil {
		http.Error(response, err.Error(), http.StatusNotFound)
		return
	}
	if len(pod.Status.ContainerStatuses) == 0 || waiting(pod) {
		http.Error(response, fmt.Sprintf("container %q in pod %q is waiting to start: ContainerCreating",
			request.PathValue("container"), pod.Name), http.StatusBadRequest)
		return
	}
	text, found := pod.Annotations[annotationLog]
	if node, err := k.nodes.Get(pod.Spec.NodeName); !found && err == nil {
		text, found = node.Annotations[annotationLog]
	}
	if !found {
		text = fmt.Sprintf("%s runs on %s\n", request.PathValue("container"), pod.Spec.NodeName)
	}
	fmt.Fprint(response, text)
}
