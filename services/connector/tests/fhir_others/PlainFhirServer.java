import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.interceptor.api.Hook;
import ca.uhn.fhir.interceptor.api.Interceptor;
import ca.uhn.fhir.interceptor.api.Pointcut;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.api.server.RequestDetails;
import ca.uhn.fhir.rest.server.FifoMemoryPagingProvider;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.HashMapResourceProvider;
import java.util.List;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.r4.model.Appointment;
import org.hl7.fhir.r4.model.Condition;
import org.hl7.fhir.r4.model.Encounter;
import org.hl7.fhir.r4.model.Location;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Procedure;
import org.hl7.fhir.r4.model.Resource;
import org.hl7.fhir.r4.model.ServiceRequest;

/** HAPI FHIR's plain server: its own resource providers, which keep everything in memory, at / of the port that is given. */
public class PlainFhirServer {
    private static final List<Class<? extends Resource>> TYPES = List.of(
            Location.class, Patient.class, Encounter.class, ServiceRequest.class, Appointment.class, Condition.class,
            Procedure.class);

    /** Writes a line for each request. */
    @Interceptor
    public static class Requests {
        @Hook(Pointcut.SERVER_INCOMING_REQUEST_PRE_HANDLED)
        public void told(RequestDetails request) {
            System.out.println(request.getRequestType() + " /" + request.getRequestPath());
        }
    }

    public static void main(String[] arguments) throws Exception {
        var context = FhirContext.forR4();
        var rest = new RestfulServer(context);
        for (var type : TYPES) {
            rest.registerProvider(new HashMapResourceProvider<>(context, type));
        }
        rest.setPagingProvider(new FifoMemoryPagingProvider(50));
        rest.setDefaultResponseEncoding(EncodingEnum.JSON);
        rest.registerInterceptor(new Requests());
        var server = new Server();
        var connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(arguments[0]));
        server.addConnector(connector);
        var handler = new ServletContextHandler();
        handler.addServlet(new ServletHolder(rest), "/*");
        server.setHandler(handler);
        server.start();
    }
}
