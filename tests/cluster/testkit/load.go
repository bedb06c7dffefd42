package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const workers = 32

// runLoad fills a cluster with GPU nodes and pods of the size and shape that real ones
// have: two containers, a dozen variables, mounts, probes, a full status, and the
// managedFields of two writers.
func runLoad(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "as whom to speak to the API server")
	nodes := flags.Int("nodes", 1000, "how many nodes")
	pods := flags.Int("pods", 20000, "how many pods")
	// A run that was interrupted leaves gaps no further back than its workers are many.
	nodesThere := flags.Int("nodes-there", 0, "how many of the nodes an earlier run has made")
	podsThere := flags.Int("pods-there", 0, "how many of the pods an earlier run has made")
	namespaces := flags.Int("namespaces", 40, "over how many namespaces")
	flags.Parse(arguments)

	controller, err := clientAs("kube-controller-manager", *kubeconfig)
	if err != nil {
		return err
	}
	kubelet, err := clientAs("kubelet", *kubeconfig)
	if err != nil {
		return err
	}
	return runSteps([]loadStep{
		{"namespaces", 0, *namespaces, func(index int) error { return loadNamespace(ctx, controller, index) }},
		{"nodes", *nodesThere, *nodes, func(index int) error { return loadNode(ctx, kubelet, index) }},
		{"pods", *podsThere, *pods, func(index int) error {
			return loadPod(ctx, controller, kubelet, trainPod(index, index%*nodes, index%*namespaces), outcomeRun)
		}},
	})
}

type loadStep struct {
	what         string
	there, count int // indexes below there were made by an earlier run
	make         func(index int) error
}

func runSteps(steps []loadStep) error {
	started := time.Now()
	for _, step := range steps {
		if err := inParallel(max(step.there-workers, 0), step.count, step.make); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		log.Printf("%d %s after %.0f s", step.count, step.what, time.Since(started).Seconds())
	}
	return nil
}

// clientAs returns a client without a limit; agent becomes the field manager of what it writes.
func clientAs(agent, kubeconfig string) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.UserAgent = agent
	config.WarningHandler = rest.NoWarnings{} // that Endpoints are old is meant
	return kubernetes.NewForConfig(config)
}

// inParallel runs work(first…count-1), and stops at the first error.
func inParallel(first, count int, work func(index int) error) error {
	var next atomic.Int64
	next.Store(int64(first))
	var failure atomic.Pointer[error]
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for {
				index := int(next.Add(1)) - 1
				if index >= count || failure.Load() != nil {
					return
				}
				if err := work(index); err != nil {
					failure.Store(&err)
				}
			}
		})
	}
	group.Wait()
	if err := failure.Load(); err != nil {
		return *err
	}
	return nil
}

func loadNamespace(ctx context.Context, client kubernetes.Interface, index int) error {
	name := fmt.Sprintf("team-%02d", index)
	_, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "baseline"}}},
		metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	// The account comes from a controller; until then pods are refused.
	for {
		_, err := client.CoreV1().ServiceAccounts(name).Get(ctx, "default", metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func loadNode(ctx context.Context, client kubernetes.Interface, index int) error {
	name := fmt.Sprintf("gpu-node-%04d", index)
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name,
			Labels: map[string]string{
				"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
				"topology.kubernetes.io/zone":                     fmt.Sprintf("zone-%d", index%3),
				"feature.node.kubernetes.io/pci-10de.present":     "true",
				"nvidia.com/gpu.present":                          "true",
				"nvidia.com/gpu.product":                          "NVIDIA-H100-80GB-HBM3",
				"nvidia.com/gpu.count":                            "8",
				"nvidia.com/gpu.memory":                           "81559",
				"nvidia.com/gpu.family":                           "hopper",
				"nvidia.com/gpu.replicas":                         "1",
				"nvidia.com/gpu.sharing-strategy":                 "none",
				"nvidia.com/mig.capable":                          "true",
				"nvidia.com/mig.strategy":                         "single",
				"nvidia.com/cuda.driver-version.full":             "580.95.05",
				"nvidia.com/cuda.driver-version.major":            "580",
				"nvidia.com/gpu.deploy.device-plugin":             "true",
				"nvidia.com/gpu.deploy.dcgm-exporter":             "true",
				"nvidia.com/gpu.deploy.gpu-feature-discovery":     "true",
				"feature.node.kubernetes.io/cpu-model.family":     "6",
				"feature.node.kubernetes.io/cpu-cpuid.AVX512F":    "true",
				"feature.node.kubernetes.io/kernel-version.major": "6",
			},
			Annotations: map[string]string{"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
		},
		Spec: corev1.NodeSpec{Taints: []corev1.Taint{{
			Key: "nvidia.com/gpu", Value: "present", Effect: corev1.TaintEffectNoSchedule}}},
	}
	_, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	now := metav1.Now()
	capacity := corev1.ResourceList{
		"cpu": resource.MustParse("192"), "memory": resource.MustParse("2Ti"), "pods": resource.MustParse("110"),
		"ephemeral-storage": resource.MustParse("7Ti"), "nvidia.com/gpu": resource.MustParse("8"),
		"hugepages-1Gi": resource.MustParse("0"), "hugepages-2Mi": resource.MustParse("0"),
	}
	allocatable := capacity.DeepCopy()
	allocatable["cpu"], allocatable["memory"] = resource.MustParse("190"), resource.MustParse("2080Gi")
	status := corev1.NodeStatus{
		Capacity: capacity, Allocatable: allocatable,
		Addresses: []corev1.NodeAddress{{Type: corev1.NodeHostName, Address: name},
			{Type: corev1.NodeInternalIP, Address: fmt.Sprintf("10.9.%d.%d", index/250, index%250+1)}},
		NodeInfo: corev1.NodeSystemInfo{KubeletVersion: "v1.36.3", OSImage: "Ubuntu 24.04.3 LTS",
			KernelVersion: "6.8.0-60-generic", ContainerRuntimeVersion: "containerd://2.3.1",
			OperatingSystem: "linux", Architecture: "amd64"},
	}
	for _, kind := range []corev1.NodeConditionType{"MemoryPressure", "DiskPressure", "PIDPressure", "Ready"} {
		condition := corev1.NodeCondition{Type: kind, Status: corev1.ConditionFalse, Reason: "KubeletHasSufficient",
			Message: "kubelet has sufficient resources available", LastHeartbeatTime: now, LastTransitionTime: now}
		if kind == corev1.NodeReady {
			condition.Status, condition.Reason = corev1.ConditionTrue, "KubeletReady"
			condition.Message = "kubelet is posting ready status"
		}
		status.Conditions = append(status.Conditions, condition)
	}
	for image := range 40 { // kubelet lists up to fifty
		status.Images = append(status.Images, corev1.ContainerImage{SizeBytes: int64(image+1) << 28, Names: []string{
			fmt.Sprintf("registry.example/team/image-%02d@sha256:%064d", image, index),
			fmt.Sprintf("registry.example/team/image-%02d:2026.%d", image, index%12)}})
	}
	return patchStatus(map[string]any{"status": status}, func(patch []byte) error {
		_, err := client.CoreV1().Nodes().Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
		return err
	})
}

// trainPod is what a controller creates: no status yet.
func trainPod(index, node, namespace int) *corev1.Pod {
	gpus := resource.MustParse("1")
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
		Path: "/healthz", Port: intstr.FromInt32(8080)}}, PeriodSeconds: 10}
	mounts := []corev1.VolumeMount{{Name: "data", MountPath: "/data"}, {Name: "shm", MountPath: "/dev/shm"},
		{Name: "config", MountPath: "/etc/train", ReadOnly: true}}
	environment := []corev1.EnvVar{{Name: "NODE_NAME", ValueFrom: &corev1.EnvVarSource{
		FieldRef: &corev1.ObjectFieldSelector{FieldPath: "spec.nodeName"}}}}
	for variable := range 12 {
		environment = append(environment, corev1.EnvVar{Name: fmt.Sprintf("TRAIN_OPTION_%02d", variable),
			Value: fmt.Sprintf("value-of-option-%d-for-run-%d", variable, index)})
	}
	no := false
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:      fmt.Sprintf("train-%05d", index),
			Namespace: fmt.Sprintf("team-%02d", namespace),
			Labels: map[string]string{"app": "train", "app.kubernetes.io/name": "train",
				"app.kubernetes.io/instance": fmt.Sprintf("train-%d", index/8), "team": fmt.Sprintf("team-%02d", namespace)},
			Annotations: map[string]string{"prometheus.io/scrape": "true", "prometheus.io/port": "9400",
				"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
		},
		Spec: corev1.PodSpec{
			NodeName:                     fmt.Sprintf("gpu-node-%04d", node),
			AutomountServiceAccountToken: &no,
			Tolerations: []corev1.Toleration{{Key: "nvidia.com/gpu", Operator: corev1.TolerationOpExists,
				Effect: corev1.TaintEffectNoSchedule}},
			Volumes: []corev1.Volume{
				{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{
					ClaimName: "datasets", ReadOnly: true}}},
				{Name: "shm", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory}}},
				{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
					LocalObjectReference: corev1.LocalObjectReference{Name: "train"}}}}},
			Containers: []corev1.Container{
				{Name: "train", Image: "registry.example/team/train:2026.11", Command: []string{"torchrun", "--nnodes=1", "train.py"},
					Env: environment, VolumeMounts: mounts, LivenessProbe: probe, ReadinessProbe: probe,
					Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
					Resources: corev1.ResourceRequirements{
						Requests: corev1.ResourceList{"cpu": resource.MustParse("4"), "memory": resource.MustParse("32Gi"), "nvidia.com/gpu": gpus},
						Limits:   corev1.ResourceList{"memory": resource.MustParse("64Gi"), "nvidia.com/gpu": gpus}}},
				{Name: "metrics", Image: "registry.example/team/metrics:1.4", Args: []string{"--listen=:9400"},
					VolumeMounts: mounts[2:], Ports: []corev1.ContainerPort{{Name: "metrics", ContainerPort: 9400}},
					Resources: corev1.ResourceRequirements{
						Requests: corev1.ResourceList{"cpu": resource.MustParse("50m"), "memory": resource.MustParse("64Mi")}}}},
		},
	}
}

// loadPod makes the pod, and then lets its kubelet report that it runs.
func loadPod(ctx context.Context, controller, kubelet kubernetes.Interface, pod *corev1.Pod, outcome string) error {
	created, err := controller.CoreV1().Pods(pod.Namespace).Create(ctx, pod, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		created, err = controller.CoreV1().Pods(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
	}
	if err != nil {
		return err
	}
	created.ResourceVersion = "" // whatever became of it meanwhile
	created.Status = startedStatus(created, outcome)
	_, err = kubelet.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, created, metav1.UpdateOptions{})
	return err
}

func patchStatus(body map[string]any, send func(patch []byte) error) error {
	patch, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return send(patch)
}
