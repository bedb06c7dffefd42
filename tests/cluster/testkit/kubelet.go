package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"log"
	"net"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"
)

// Nodes that carry this annotation are looked after; all others are left alone.
const annotationSimulated = "kubectl-ai.test/simulated"

// On a pod, or on a node for every pod there: what becomes of the pod.
// One of the outcomes below; by default pods that restart run for ever, and others
// exit with 0.
const annotationOutcome = "kubectl-ai.test/outcome"

const (
	outcomeRun       = "run"                 // runs for ever, whatever its restart policy
	outcomeHold      = "hold"                // stays Pending: its containers are never created
	outcomePull      = "image-pull-back-off" // stays Pending with that reason
	outcomeCrashLoop = "crash-loop"          // Running, never ready, restarted five times
	outcomeExit      = "exit="               // with a code: exit=7
)

// What the log of a container says; on a pod, or on a node for every pod there.
const annotationLog = "kubectl-ai.test/log"

// kubelet stands in for the kubelets of nodes that exist by API only: it reports pods
// as running or ended, finishes deletions, serves logs, and lets a device plugin's pod
// advertise the GPUs that a node is said to have. Everything else about these pods
// (scheduling, admission, quota, controllers) is Kubernetes' own.
type kubelet struct {
	client kubernetes.Interface
	pods   listers.PodLister
	nodes  listers.NodeLister
	byNode cache.Indexer // of pods
	queue  workqueue.TypedRateLimitingInterface[string]
	port   int
}

const indexByNode = "node"

func runKubelet(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("kubelet", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "as whom to speak to the API server")
	certificate := flags.String("tls-cert-file", "", "serving certificate for localhost")
	key := flags.String("tls-private-key-file", "", "its key")
	authority := flags.String("client-ca-file", "", "who signs the API server's client certificate")
	flags.Parse(arguments)

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	config.UserAgent = "simulated-kubelet"
	config.QPS = -1
	config.ContentType = "application/vnd.kubernetes.protobuf"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(
		func(object any) (any, error) {
			if accessor, ok := object.(metav1.Object); ok {
				accessor.SetManagedFields(nil) // half of what a pod weighs
			}
			return object, nil
		}))
	pods, nodes := factory.Core().V1().Pods(), factory.Core().V1().Nodes()
	err = pods.Informer().AddIndexers(cache.Indexers{indexByNode: func(object any) ([]string, error) {
		return []string{object.(*corev1.Pod).Spec.NodeName}, nil
	}})
	if err != nil {
		return err
	}
	k := &kubelet{
		client: client, pods: pods.Lister(), nodes: nodes.Lister(), byNode: pods.Informer().GetIndexer(),
		queue: workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]()),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	k.port = listener.Addr().(*net.TCPAddr).Port
	go func() { log.Fatal(k.serveLogs(listener, *certificate, *key, *authority)) }()

	// Keys are pod keys (namespace/name) and node names.
	pods.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { k.podChanged(object.(*corev1.Pod)) },
		UpdateFunc: func(_, object any) { k.podChanged(object.(*corev1.Pod)) },
		DeleteFunc: func(object any) {
			if tombstone, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = tombstone.Obj
			}
			k.queue.Add(object.(*corev1.Pod).Spec.NodeName)
		},
	})
	nodes.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { k.nodeChanged(object.(*corev1.Node)) },
		UpdateFunc: func(_, object any) { k.nodeChanged(object.(*corev1.Node)) },
	})
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for range 4 {
		go k.work(ctx)
	}
	log.Printf("ready: logs on port %d", k.port)
	<-ctx.Done()
	k.queue.ShutDown()
	return nil
}

func (k *kubelet) podChanged(pod *corev1.Pod) {
	if pod.Spec.NodeName != "" {
		k.queue.Add(pod.Namespace + "/" + pod.Name)
		k.queue.Add(pod.Spec.NodeName)
	}
}

func (k *kubelet) nodeChanged(node *corev1.Node) {
	k.queue.Add(node.Name)
	pods, _ := k.byNode.ByIndex(indexByNode, node.Name)
	for _, pod := range pods {
		k.queue.Add(pod.(*corev1.Pod).Namespace + "/" + pod.(*corev1.Pod).Name)
	}
}

func (k *kubelet) work(ctx context.Context) {
	for {
		key, quit := k.queue.Get()
		if quit {
			return
		}
		err := k.sync(ctx, key)
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			log.Printf("%s: %v", key, err)
			k.queue.AddRateLimited(key)
		} else {
			k.queue.Forget(key)
		}
		k.queue.Done(key)
	}
}

func (k *kubelet) sync(ctx context.Context, key string) error {
	namespace, name, isPod := strings.Cut(key, "/")
	if !isPod {
		node, err := k.nodes.Get(key)
		if err != nil || !simulated(node) {
			return nil
		}
		return k.syncNode(ctx, node)
	}
	pod, err := k.pods.Pods(namespace).Get(name)
	if err != nil {
		return nil
	}
	node, err := k.nodes.Get(pod.Spec.NodeName)
	if err != nil || !simulated(node) || !ready(node) {
		return nil
	}
	return k.syncPod(ctx, node, pod)
}

func simulated(node *corev1.Node) bool { return node.Annotations[annotationSimulated] == "true" }

func ready(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func (k *kubelet) syncPod(ctx context.Context, node *corev1.Node, pod *corev1.Pod) error {
	if pod.DeletionTimestamp != nil {
		now := int64(0)
		return k.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
			GracePeriodSeconds: &now, Preconditions: &metav1.Preconditions{UID: &pod.UID}})
	}
	if ended(pod) {
		return nil
	}
	if pod.Status.StartTime == nil {
		if resourceName, used, capacity := k.exceeds(node, pod); resourceName != "" {
			return k.patchPod(ctx, pod, corev1.PodStatus{
				Phase: corev1.PodFailed, Reason: "OutOf" + string(resourceName),
				Message: fmt.Sprintf("Pod was rejected: Node didn't have enough resource: %s, requested: %d, used: %d, capacity: %d",
					resourceName, requests(pod)[resourceName], used, capacity)})
		}
	}
	outcome := outcomeOf(node, pod)
	switch {
	case outcome == outcomeHold:
		return nil
	case pod.Status.Phase != corev1.PodRunning && !waiting(pod):
		return k.patchPod(ctx, pod, startedStatus(pod, outcome))
	case strings.HasPrefix(outcome, outcomeExit) && pod.Status.Phase == corev1.PodRunning:
		return k.patchPod(ctx, pod, endedStatus(pod, outcome))
	}
	return nil
}

func ended(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// waiting: this pod was given its lasting waiting state already.
func waiting(pod *corev1.Pod) bool {
	return len(pod.Status.ContainerStatuses) > 0 && pod.Status.ContainerStatuses[0].State.Waiting != nil
}

func outcomeOf(node *corev1.Node, pod *corev1.Pod) string {
	if outcome := pod.Annotations[annotationOutcome]; outcome != "" {
		return outcome
	}
	// Daemons of every node, such as a device plugin, are not what a test of one
	// node's pods means.
	daemon := metav1.GetControllerOf(pod) != nil && metav1.GetControllerOf(pod).Kind == "DaemonSet"
	if outcome := node.Annotations[annotationOutcome]; outcome != "" && !daemon {
		return outcome
	}
	if pod.Spec.RestartPolicy == corev1.RestartPolicyAlways {
		return outcomeRun
	}
	return outcomeExit + "0"
}

func startedStatus(pod *corev1.Pod, outcome string) corev1.PodStatus {
	now := metav1.Now()
	hash := fnv.New32a()
	hash.Write([]byte(pod.UID))
	address := fmt.Sprintf("10.244.%d.%d", hash.Sum32()>>8&0xff, hash.Sum32()&0xff)
	status := corev1.PodStatus{
		Phase: corev1.PodRunning, StartTime: &now, HostIP: "127.0.0.1", PodIP: address,
		PodIPs: []corev1.PodIP{{IP: address}}, QOSClass: pod.Status.QOSClass,
	}
	healthy := corev1.ConditionTrue
	state := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}
	restarts := int32(0)
	switch outcome {
	case outcomePull:
		status.Phase, healthy = corev1.PodPending, corev1.ConditionFalse
		state = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff",
			Message: "Back-off pulling image"}}
	case outcomeCrashLoop:
		healthy, restarts = corev1.ConditionFalse, 5
		state = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff",
			Message: "back-off 2m40s restarting failed container"}}
	}
	for _, kind := range []corev1.PodConditionType{
		corev1.PodReadyToStartContainers, corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady} {
		condition := corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: now}
		if kind == corev1.PodReady || kind == corev1.ContainersReady {
			condition.Status = healthy
			if healthy != corev1.ConditionTrue {
				condition.Reason = "ContainersNotReady"
			}
		}
		status.Conditions = append(status.Conditions, condition)
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled {
			status.Conditions = append(status.Conditions, condition)
		}
	}
	started := state.Running != nil
	for index, container := range pod.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, corev1.ContainerStatus{
			Name: container.Name, Image: container.Image, State: state, Ready: started, Started: &started,
			RestartCount: restarts, ImageID: container.Image + "@sha256:" + strings.Repeat("0", 64),
			ContainerID: fmt.Sprintf("containerd://%s-%d", pod.UID, index)})
	}
	return status
}

func endedStatus(pod *corev1.Pod, outcome string) corev1.PodStatus {
	code, err := strconv.Atoi(strings.TrimPrefix(outcome, outcomeExit))
	phase, reason := corev1.PodSucceeded, "Completed"
	if err != nil || code != 0 {
		phase, reason = corev1.PodFailed, "Error"
	}
	now := metav1.Now()
	status := corev1.PodStatus{Phase: phase}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady || condition.Type == corev1.ContainersReady {
			condition.Status, condition.Reason = corev1.ConditionFalse, "PodCompleted"
			condition.LastTransitionTime = now
		}
		status.Conditions = append(status.Conditions, condition)
	}
	for _, container := range pod.Status.ContainerStatuses {
		terminated := &corev1.ContainerStateTerminated{ExitCode: int32(code), Reason: reason,
			FinishedAt: now, ContainerID: container.ContainerID}
		if container.State.Running != nil {
			terminated.StartedAt = container.State.Running.StartedAt
		}
		stopped := false
		container.Ready, container.Started = false, &stopped
		container.State = corev1.ContainerState{Terminated: terminated}
		status.ContainerStatuses = append(status.ContainerStatuses, container)
	}
	return status
}

func (k *kubelet) patchPod(ctx context.Context, pod *corev1.Pod, status corev1.PodStatus) error {
	// The resourceVersion keeps two looks at the same pod from undoing each other.
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": pod.ResourceVersion}, "status": status})
	if err != nil {
		return err
	}
	_, err = k.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType, patch,
		metav1.PatchOptions{FieldManager: "kubelet"}, "status")
	return err
}

// exceeds names an extended resource of which the node has too little left for the pod,
// as kubelet refuses pods that were put on it past the scheduler.
func (k *kubelet) exceeds(node *corev1.Node, pod *corev1.Pod) (corev1.ResourceName, int64, int64) {
	for name, wanted := range requests(pod) {
		used := int64(0)
		others, _ := k.byNode.ByIndex(indexByNode, node.Name)
		for _, object := range others {
			other := object.(*corev1.Pod)
			if other.UID != pod.UID && !ended(other) && other.Status.StartTime != nil {
				used += requests(other)[name]
			}
		}
		capacity := node.Status.Allocatable[name]
		if used+wanted > capacity.Value() {
			return name, used, capacity.Value()
		}
	}
	return "", 0, 0
}

// requests: the extended resources that a pod asks for.
func requests(pod *corev1.Pod) map[corev1.ResourceName]int64 {
	wanted := map[corev1.ResourceName]int64{}
	for _, container := range pod.Spec.Containers {
		for name, quantity := range container.Resources.Requests {
			if strings.Contains(string(name), "/") {
				wanted[name] += quantity.Value()
			}
		}
	}
	return wanted
}

// syncNode says where the node's kubelet listens, and lets a device plugin advertise.
func (k *kubelet) syncNode(ctx context.Context, node *corev1.Node) error {
	status := map[string]any{}
	here := corev1.NodeAddress{Type: corev1.NodeExternalDNS, Address: "localhost"}
	if !slices.Contains(node.Status.Addresses, here) {
		status["addresses"] = append([]corev1.NodeAddress{here}, node.Status.Addresses...)
	}
	if int(node.Status.DaemonEndpoints.KubeletEndpoint.Port) != k.port {
		status["daemonEndpoints"] = map[string]any{"kubeletEndpoint": map[string]any{"Port": k.port}}
	}
	if name, count, healthy := k.advertised(node); name != "" {
		capacity, allocatable := node.Status.Capacity[name], node.Status.Allocatable[name]
		want, usable := resource.NewQuantity(count, resource.DecimalSI), resource.NewQuantity(healthy, resource.DecimalSI)
		if capacity.Cmp(*want) != 0 || allocatable.Cmp(*usable) != 0 {
			status["capacity"] = map[string]any{string(name): want.String()}
			status["allocatable"] = map[string]any{string(name): usable.String()}
		}
	}
	if len(status) == 0 {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"status": status})
	if err != nil {
		return err
	}
	_, err = k.client.CoreV1().Nodes().Patch(ctx, node.Name, types.MergePatchType, patch,
		metav1.PatchOptions{FieldManager: "kubelet"}, "status")
	return err
}
