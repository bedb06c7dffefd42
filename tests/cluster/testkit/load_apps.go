package main

import (
	"context"
	"flag"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
)

const (
	appReplicas   = 4
	appNamespaces = 40
)

// runLoadApps fills a cluster with what teams deploy: many kinds rather than many pods. With
// the ServiceAccount of each namespace a thousand applications are ten thousand objects:
//
//	4,000 Pods; 1,000 Deployments, ReplicaSets, Services, Endpoints and ConfigMaps; 250
//	HorizontalPodAutoscalers and PersistentVolumeClaims; 200 Nodes; 180 Secrets;
//	40 Namespaces, NetworkPolicies and ServiceAccounts
func runLoadApps(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("load-apps", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "as whom to speak to the API server")
	apps := flags.Int("apps", 1000, "how many applications, of about ten objects each")
	flags.Parse(arguments)

	controller, err := clientAs("kube-controller-manager", *kubeconfig)
	if err != nil {
		return err
	}
	kubelet, err := clientAs("kubelet", *kubeconfig)
	if err != nil {
		return err
	}
	user, err := clientAs("helm", *kubeconfig)
	if err != nil {
		return err
	}
	nodes := max(*apps/5, 1)
	return runSteps([]loadStep{
		{"namespaces", 0, appNamespaces, func(index int) error { return loadNamespace(ctx, controller, index) }},
		{"network policies", 0, appNamespaces, func(index int) error { return loadPolicy(ctx, user, index) }},
		{"nodes", 0, nodes, func(index int) error { return loadNode(ctx, kubelet, index) }},
		{"secrets", 0, *apps * 18 / 100, func(index int) error { return loadSecret(ctx, user, index) }},
		{"applications", 0, *apps, func(index int) error {
			app := newApp(index, nodes)
			for _, load := range []func() error{
				func() error { return app.loadConfig(ctx, user) },
				func() error { return app.loadWorkload(ctx, user, controller, kubelet) },
				func() error { return app.loadService(ctx, user, controller) },
				func() error { return app.loadExtras(ctx, user) },
			} {
				if err := load(); err != nil {
					return err
				}
			}
			return nil
		}},
	})
}

type app struct {
	index  int
	nodes  int
	meta   metav1.ObjectMeta
	labels map[string]string // what its Deployment and its Service select
}

func newApp(index, nodes int) app {
	name := fmt.Sprintf("serve-%04d", index)
	labels := map[string]string{"app.kubernetes.io/name": "serve", "app.kubernetes.io/instance": name}
	return app{index: index, nodes: nodes, labels: labels, meta: metav1.ObjectMeta{
		Name: name, Namespace: fmt.Sprintf("team-%02d", index%appNamespaces),
		Labels: withLabels(labels, "app.kubernetes.io/managed-by", "Helm"),
		Annotations: map[string]string{"meta.helm.sh/release-name": name,
			"meta.helm.sh/release-namespace": fmt.Sprintf("team-%02d", index%appNamespaces)},
	}}
}

func withLabels(labels map[string]string, key, value string) map[string]string {
	more := map[string]string{key: value}
	for key, value := range labels {
		more[key] = value
	}
	return more
}

func (a app) loadConfig(ctx context.Context, user kubernetes.Interface) error {
	config := &corev1.ConfigMap{ObjectMeta: a.meta, Data: map[string]string{
		"serve.yaml": fmt.Sprintf("model: s3://models/%s\nbatch: 32\nmaxTokens: 8192\nworkers: 4\n", a.meta.Name)}}
	_, err := user.CoreV1().ConfigMaps(a.meta.Namespace).Create(ctx, config, metav1.CreateOptions{})
	return err
}

// pod is one of its pods; one application in ten has a mistake.
func (a app) pod(replica int) *corev1.Pod {
	number := a.index*appReplicas + replica
	pod := trainPod(number, number%a.nodes, a.index%appNamespaces)
	pod.Labels = a.labels
	pod.Spec.Volumes[2].ConfigMap.Name = a.meta.Name
	if a.index%4 == 0 {
		pod.Spec.Volumes[0].PersistentVolumeClaim.ClaimName = a.meta.Name
	} else {
		pod.Spec.Volumes[0].VolumeSource = corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
	}
	container := &pod.Spec.Containers[0]
	switch a.index % 40 {
	case 5:
		container.Image = "registry.example/team/serve:latest"
	case 15:
		container.LivenessProbe, container.ReadinessProbe = nil, nil
	case 25:
		delete(container.Resources.Limits, "memory")
	case 35:
		pod.Spec.Tolerations = nil
	}
	return pod
}

// loadWorkload makes the Deployment, and what its controllers and the kubelets would make of it.
func (a app) loadWorkload(ctx context.Context, user, controller, kubelet kubernetes.Interface) error {
	replicas := int32(appReplicas)
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: a.labels}, Spec: a.pod(0).Spec}
	template.Spec.NodeName = ""
	deployment, err := user.AppsV1().Deployments(a.meta.Namespace).Create(ctx, &appsv1.Deployment{
		ObjectMeta: a.meta, Spec: appsv1.DeploymentSpec{Replicas: &replicas, Template: template,
			Selector: &metav1.LabelSelector{MatchLabels: a.labels}}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	deployment.Status = appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: replicas, UpdatedReplicas: replicas,
		ReadyReplicas: replicas, AvailableReplicas: replicas}
	if _, err := controller.AppsV1().Deployments(a.meta.Namespace).UpdateStatus(ctx, deployment, metav1.UpdateOptions{}); err != nil {
		return err
	}

	hash := fmt.Sprintf("%010d", a.index)
	labels := withLabels(a.labels, "pod-template-hash", hash)
	template.Labels = labels
	set, err := controller.AppsV1().ReplicaSets(a.meta.Namespace).Create(ctx, &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: a.meta.Name + "-" + hash, Labels: labels,
			Annotations:     map[string]string{"deployment.kubernetes.io/revision": "1"},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(deployment, appsv1.SchemeGroupVersion.WithKind("Deployment"))}},
		Spec: appsv1.ReplicaSetSpec{Replicas: &replicas, Template: template,
			Selector: &metav1.LabelSelector{MatchLabels: labels}}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	set.Status = appsv1.ReplicaSetStatus{ObservedGeneration: 1, Replicas: replicas, FullyLabeledReplicas: replicas,
		ReadyReplicas: replicas, AvailableReplicas: replicas}
	if _, err := controller.AppsV1().ReplicaSets(a.meta.Namespace).UpdateStatus(ctx, set, metav1.UpdateOptions{}); err != nil {
		return err
	}

	for replica := range appReplicas {
		pod := a.pod(replica)
		pod.Name, pod.Labels = fmt.Sprintf("%s-%05d", set.Name, replica), labels
		pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))}
		outcome := outcomeRun
		if a.index%50 == 0 && replica == 0 {
			outcome = outcomeCrashLoop
		}
		if err := loadPod(ctx, controller, kubelet, pod, outcome); err != nil {
			return err
		}
	}
	return nil
}

func (a app) loadService(ctx context.Context, user, controller kubernetes.Interface) error {
	_, err := user.CoreV1().Services(a.meta.Namespace).Create(ctx, &corev1.Service{ObjectMeta: a.meta,
		Spec: corev1.ServiceSpec{Selector: a.labels, Ports: []corev1.ServicePort{{
			Name: "http", Port: 80, TargetPort: intstr.FromString("http")}}}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	endpoints := &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Name: a.meta.Name, Labels: a.meta.Labels},
		Subsets: []corev1.EndpointSubset{{Ports: []corev1.EndpointPort{{Name: "http", Port: 8080}}}}}
	for replica := range appReplicas {
		endpoints.Subsets[0].Addresses = append(endpoints.Subsets[0].Addresses, corev1.EndpointAddress{
			IP: fmt.Sprintf("10.244.%d.%d", a.index%250, replica+1)})
	}
	_, err = controller.CoreV1().Endpoints(a.meta.Namespace).Create(ctx, endpoints, metav1.CreateOptions{})
	return err
}

// loadExtras makes what only one application in four has.
func (a app) loadExtras(ctx context.Context, user kubernetes.Interface) error {
	if a.index%4 != 0 {
		return nil
	}
	class := "shared"
	_, err := user.CoreV1().PersistentVolumeClaims(a.meta.Namespace).Create(ctx, &corev1.PersistentVolumeClaim{
		ObjectMeta: a.meta, Spec: corev1.PersistentVolumeClaimSpec{StorageClassName: &class,
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadOnlyMany},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{"storage": resource.MustParse("500Gi")}}}},
		metav1.CreateOptions{})
	if err != nil {
		return err
	}
	target := int32(70)
	_, err = user.AutoscalingV2().HorizontalPodAutoscalers(a.meta.Namespace).Create(ctx, &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: a.meta, Spec: autoscalingv2.HorizontalPodAutoscalerSpec{MaxReplicas: 2 * appReplicas,
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: a.meta.Name},
			Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ResourceMetricSourceType,
				Resource: &autoscalingv2.ResourceMetricSource{Name: corev1.ResourceCPU, Target: autoscalingv2.MetricTarget{
					Type: autoscalingv2.UtilizationMetricType, AverageUtilization: &target}}}}}}, metav1.CreateOptions{})
	return err
}

func loadSecret(ctx context.Context, user kubernetes.Interface, index int) error {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("registry-%03d", index)},
		StringData: map[string]string{"username": "robot", "password": fmt.Sprintf("not-a-secret-%d", index)}}
	_, err := user.CoreV1().Secrets(fmt.Sprintf("team-%02d", index%appNamespaces)).Create(ctx, secret, metav1.CreateOptions{})
	return err
}

func loadPolicy(ctx context.Context, user kubernetes.Interface, namespace int) error {
	policy := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: "same-namespace"},
		Spec: networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			Ingress: []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{{
				PodSelector: &metav1.LabelSelector{}}}}}}}
	_, err := user.NetworkingV1().NetworkPolicies(fmt.Sprintf("team-%02d", namespace)).Create(ctx, policy, metav1.CreateOptions{})
	return err
}
