// The language hosts of Python, Node.js and Go, for machines where the official ones cannot be downloaded: no module
// proxy serves them. They do what the engine asks of a host to run a program or a plugin and to generate a local SDK.
// The generators and the handling of virtual environments are Pulumi's own. The name of the program selects the language.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// A program that has shown its error exits with this code.
const exitAfterMessage = 32

// What differs from language to language.
type language interface {
	// Command is the process that runs a program. It gets the configuration beside its own environment.
	Command(ctx context.Context, engine string, req *pulumirpc.RunRequest) (*exec.Cmd, error)
	// Plugin is the process that runs a plugin.
	Plugin(ctx context.Context, req *pulumirpc.RunPluginRequest) (*exec.Cmd, error)
	// Install installs the dependencies of a project.
	Install(ctx context.Context, req *pulumirpc.InstallDependenciesRequest, stdout, stderr io.Writer) error
	// Generate gives the files of an SDK.
	Generate(pkg *schema.Package, dependencies map[string]string, local bool, loader schema.ReferenceLoader,
	) (map[string][]byte, error)
	// Link makes the generated SDK in the folder `sdk` a dependency of the project in `root`. It returns its name.
	Link(ctx context.Context, info *pulumirpc.ProgramInfo, name, sdk string) (string, error)
}

type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	language
	engine string
}

func main() {
	languages := map[string]language{"python": python{}, "nodejs": nodejs{}, "go": golang{}}
	_, name, _ := strings.Cut(filepath.Base(os.Args[0]), "pulumi-language-")
	chosen, known := languages[name]
	if !known {
		cmdutil.Exit(fmt.Errorf("%s: the name of this program must end in the name of a language", os.Args[0]))
	}
	served := &host{language: chosen}
	for _, argument := range os.Args[1:] {
		if !strings.HasPrefix(argument, "-") {
			served.engine = argument
		}
	}
	// The engine interrupts its hosts, which a process in the background ignores unless it asks for it: the engine would
	// wait five seconds for each. An engine that was killed ends them by no call.
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	ended := make(chan bool)
	go func() {
		<-ctx.Done()
		close(ended)
	}()
	if served.engine != "" {
		if err := rpcutil.Healthcheck(ctx, served.engine, time.Minute, cancel); err != nil {
			cmdutil.Exit(err)
		}
	}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: ended,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, served)
			return nil
		},
	})
	if err != nil {
		cmdutil.Exit(err)
	}
	fmt.Printf("%d\n", handle.Port)
	if err := <-handle.Done; err != nil {
		cmdutil.Exit(err)
	}
}

func (h *host) Handshake(_ context.Context, req *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.engine = req.EngineAddress
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

// GetRequiredPackages names none: the engine learns from each resource which plugin it needs.
func (h *host) GetRequiredPackages(context.Context, *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

func (h *host) RuntimeOptionsPrompts(context.Context, *pulumirpc.RuntimeOptionsRequest,
) (*pulumirpc.RuntimeOptionsResponse, error) {
	return &pulumirpc.RuntimeOptionsResponse{}, nil
}

func (h *host) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (h *host) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	command, err := h.Command(ctx, h.engine, req)
	if err != nil {
		return nil, err
	}
	config := []byte("{}")
	if len(req.Config) > 0 {
		if config, err = json.Marshal(req.Config); err != nil {
			return nil, err
		}
	}
	secrets, err := json.Marshal(append([]string{}, req.ConfigSecretKeys...))
	if err != nil {
		return nil, err
	}
	if command.Env == nil {
		command.Env = os.Environ()
	}
	command.Env = append(command.Env, "PULUMI_CONFIG="+string(config), "PULUMI_CONFIG_SECRET_KEYS="+string(secrets))
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	err = command.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == exitAfterMessage:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case errors.As(err, &exit):
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("program exited with non-zero exit code: %d", exit.ExitCode())}, nil
	}
	return nil, err
}

func (h *host) RunPlugin(req *pulumirpc.RunPluginRequest, server pulumirpc.LanguageRuntime_RunPluginServer) error {
	command, err := h.Plugin(server.Context(), req)
	if err != nil {
		return err
	}
	closer, stdout, stderr, err := rpcutil.MakeRunPluginStreams(server, false)
	if err != nil {
		return err
	}
	defer closer.Close()
	command.Dir, command.Stdout, command.Stderr = req.Pwd, stdout, stderr
	command.Env = append(command.Env, req.Env...)
	err = command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code := &pulumirpc.RunPluginResponse_Exitcode{Exitcode: int32(exit.ExitCode())}
		return server.Send(&pulumirpc.RunPluginResponse{Output: code})
	}
	return err
}

func (h *host) InstallDependencies(
	req *pulumirpc.InstallDependenciesRequest, server pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	closer, stdout, stderr, err := rpcutil.MakeInstallDependenciesStreams(server, req.IsTerminal)
	if err != nil {
		return err
	}
	defer closer.Close()
	return h.Install(server.Context(), req, stdout, stderr)
}

func (h *host) GeneratePackage(_ context.Context, req *pulumirpc.GeneratePackageRequest,
) (*pulumirpc.GeneratePackageResponse, error) {
	loader, err := schema.NewLoaderClient(req.LoaderTarget)
	if err != nil {
		return nil, err
	}
	defer loader.Close()
	var spec schema.PackageSpec
	if err := json.Unmarshal([]byte(req.Schema), &spec); err != nil {
		return nil, err
	}
	pkg, found, err := schema.BindSpec(spec, loader, schema.ValidationOptions{AllowDanglingReferences: true})
	if err != nil {
		return nil, err
	}
	if found.HasErrors() {
		return nil, hcl.Diagnostics(found)
	}
	files, err := h.Generate(pkg, req.LocalDependencies, req.Local, schema.NewCachedLoader(loader))
	if err != nil {
		return nil, err
	}
	for name, content := range files {
		path := filepath.Join(req.Directory, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return nil, err
		}
	}
	return &pulumirpc.GeneratePackageResponse{}, nil
}

func (h *host) Link(ctx context.Context, req *pulumirpc.LinkRequest) (*pulumirpc.LinkResponse, error) {
	var names []string
	for _, dependency := range req.Packages {
		name, err := h.language.Link(ctx, req.Info, dependency.Package.Name, dependency.Path)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return &pulumirpc.LinkResponse{ImportInstructions: "Import the SDK as " + strings.Join(names, ", ") + "."}, nil
}

// Runs a command in this folder.
func run(ctx context.Context, folder string, stdout, stderr io.Writer, words ...string) error {
	command := exec.CommandContext(ctx, words[0], words[1:]...)
	command.Dir, command.Stdout, command.Stderr = folder, stdout, stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(words, " "), err)
	}
	return nil
}

// What a command in this folder prints. Its error says what it printed on stderr.
func output(ctx context.Context, folder string, words ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, words[0], words[1:]...)
	command.Dir = folder
	printed, err := command.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%s: %w: %s", strings.Join(words, " "), err, exit.Stderr)
	}
	return printed, err
}

// Arguments that both script runners of the SDKs take.
func arguments(engine string, req *pulumirpc.RunRequest, root string) []string {
	given := [][2]string{
		{"monitor", req.MonitorAddress},
		{"engine", engine},
		{"organization", req.Organization},
		{"project", req.Project},
		{root, req.Info.RootDirectory},
		{"stack", req.Stack},
		{"pwd", req.Pwd},
		{"parallel", strconv.Itoa(int(req.Parallel))},
	}
	var made []string
	for _, one := range given {
		if one[1] != "" {
			made = append(made, "--"+one[0], one[1])
		}
	}
	return made
}
